import { beforeAll, describe, expect, it } from "vitest";
import { ask } from "../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import type { BadKind, TestCa, TestIdentity } from "../support/test-ca.ts";
import { makeTestCa } from "../support/test-ca.ts";

let ca: TestCa;

beforeAll(() => {
  ca = makeTestCa();
});

const request = (host: string, placeholder: string): string => `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${placeholder}\r\n\r\n`;

describe("an upstream certificate", () => {
  const refused: [string, () => TestIdentity][] = [
    ...(["expired", "early", "no-alternative-name", "client-purpose", "self-signed", "weak-key"] as const).map((bad: BadKind): [string, () => TestIdentity] => [bad, () => ca.identityFor("api.example.test", bad)]),
    ["for another name", () => ca.identityFor("other.example.test")],
    ["of an unknown root", () => makeTestCa().identityFor("api.example.test")],
  ];
  it.each(refused)("is refused when it is %s, whatever the environment says, and no secret is sent", async (_kind, identity) => {
    const server = await openRawServer(identity(), () => plainAnswer("fine"));
    const host = `api.example.test:${server.port}`;
    const grant = makeGrant("API_KEY", [host]);
    const run = await openTestRun([grant], { roots: [ca.certificate] });
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const reply = await ask(run.proxy, host, request(host, grant.placeholder));
      expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-certificate"]);
      expect(server.received()).toBe("");
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      await run.proxy.close();
      await server.close();
    }
  });

  it("is accepted for an address that it names", async () => {
    const server = await openRawServer(ca.identityFor("127.0.0.1"), () => plainAnswer("fine"));
    const host = `127.0.0.1:${server.port}`;
    const grant = makeGrant("API_KEY", [host], { allowPrivate: false });
    const run = await openTestRun([grant], { roots: [ca.certificate] });
    try {
      expect((await ask(run.proxy, host, request(host, grant.placeholder))).status).toBe(200);
      expect(server.received()).toContain(VALUE);
    } finally {
      await run.proxy.close();
      await server.close();
    }
  });
});
