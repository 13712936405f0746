import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
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

describe("an upstream address", () => {
  let server: RawServer;
  let host: string;
  beforeAll(async () => {
    server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
    host = `api.example.test:${server.port}`;
  });
  afterAll(() => server.close());

  async function askAt(addresses: readonly string[], allowPrivate: boolean): Promise<{ status: number; code: string | undefined; body: string }> {
    const grant = makeGrant("API_KEY", [host], { allowPrivate });
    const run = await openTestRun([grant], { roots: [ca.certificate], resolve: () => Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }))) });
    try {
      const reply = await ask(run.proxy, host, request(host, grant.placeholder));
      return { status: reply.status, code: reply.headers["x-vault-refusal"], body: reply.body };
    } finally {
      await run.proxy.close();
    }
  }

  it.each(["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "0.0.0.0", "::1", "::", "fe80::1", "fd12::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378::1"])("is refused when it is %s and nobody allowed it", async (address) => {
    const reply = await askAt([address], false);
    expect([reply.status, reply.code]).toEqual([403, "private-address"]);
    expect(reply.body).toContain("vault secrets update API_KEY --allow-private");
    expect(server.received()).toBe("");
  });

  it("is refused when one of several is private", async () => {
    expect((await askAt(["93.184.216.34", "127.0.0.1"], false)).code).toBe("private-address");
  });

  it.each(["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"])("is refused always when it is %s", async (address) => {
    expect((await askAt([address], true)).code).toBe("metadata-address");
  });

  it("is refused when there is none, or nobody listens", async () => {
    expect(await askAt([], true)).toMatchObject({ status: 502, code: "upstream-unreachable" });
    expect(await askAt(["127.0.0.77"], true)).toMatchObject({ status: 502, code: "upstream-unreachable" });
  });

  it("that was judged is the one that is dialled: names are resolved once a connection", async () => {
    let count = 0;
    const grant = makeGrant("API_KEY", [host]);
    const run = await openTestRun([grant], {
      roots: [ca.certificate],
      resolve: () => {
        count += 1;
        return Promise.resolve([{ address: count === 1 ? "127.0.0.1" : "169.254.169.254", family: 4 }]);
      },
    });
    try {
      expect((await ask(run.proxy, host, request(host, grant.placeholder))).status).toBe(200);
      expect(count).toBe(1);
    } finally {
      await run.proxy.close();
    }
  });
});
