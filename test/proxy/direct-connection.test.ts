// Programs behind a wall that know of no proxy, over real sockets: they ask for a name, connect to what is answered, and speak with the host as they believe.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, parseReply } from "../support/proxy-child.ts";
import { makeGrant, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";
import type { WalledRun } from "../support/walled-run.ts";
import { greet, openWalledRun } from "../support/walled-run.ts";

const ca = makeTestCa();
const NAME = "api.example.test";
let server: RawServer;
let run: WalledRun;
let grant: ReturnType<typeof makeGrant>;
beforeAll(async () => {
  server = await openRawServer(ca.identityFor(NAME), () => plainAnswer("fine"));
  grant = makeGrant("API_KEY", [`${NAME}:${server.port}`]);
  run = await openWalledRun([grant], { roots: [ca.certificate] });
});
afterAll(async () => {
  await run.close();
  await server.close();
});

describe("a bound host", () => {
  it("is spoken with over TLS, and gets the value", async () => {
    const secure = await greet(await run.dial(NAME, server.port), NAME, run.proxy.caCertificate);
    const answer = collect(secure);
    secure.write(`GET / HTTP/1.1\r\nHost: ${NAME}:${server.port}\r\nAuthorization: Bearer ${grant.placeholder}\r\n\r\n`);
    expect(parseReply(await answer.read((raw) => raw.endsWith("fine"))).status).toBe(200);
    secure.destroy();
    expect(server.received()).toContain(`Bearer ${VALUE}`);
  });
});
