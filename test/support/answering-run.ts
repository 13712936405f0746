// A run with one secret, and the server that it is bound to, which answers what a test says.
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { TestRun } from "./proxy-run.ts";
import { makeGrant, openTestRun } from "./proxy-run.ts";
import type { Answer, RawServer } from "./raw-server.ts";
import { openRawServer } from "./raw-server.ts";
import { makeTestCa } from "./test-ca.ts";

export interface AnsweringRun {
  readonly run: TestRun;
  readonly grant: Grant;
  readonly server: RawServer;
  /** Of the server, with its port. */
  readonly host: string;
  close(): Promise<void>;
}

export async function openAnsweringRun(answer: Answer): Promise<AnsweringRun> {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor("api.example.test"), answer);
  const host = `api.example.test:${server.port}`;
  const grant = makeGrant("API_KEY", [host]);
  const run = await openTestRun([grant], { roots: [ca.certificate] });
  return {
    run,
    grant,
    server,
    host,
    async close() {
      await run.proxy.close();
      await server.close();
    },
  };
}
