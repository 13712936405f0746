// Somebody stands between the proxy and the bound host, or has a certificate that almost speaks for it: expired, another customer's, a lost intermediate's,
// with a name that only careless readers take for the right one, or too weak to hold. Each meets the secret's request, with the environment at its worst.
// The child gets 502, and the server, which would take anything, not one byte of the request.
import { isIP } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerCase } from "../support/bad-certificates.ts";
import { BAD_CERTIFICATES, GOOD_CERTIFICATES } from "../support/bad-certificates.ts";
import type { Reply } from "../support/proxy-child.ts";
import { ask } from "../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { openRunningVault } from "../support/running-vault.ts";
import { openUserProxy } from "../support/user-proxy.ts";

/** Asks the server of this case with the placeholder in hand. */
async function present({ host: name, roots, tls }: ServerCase): Promise<{ readonly reply: Reply; readonly received: string }> {
  const server = await openRawServer(tls, () => plainAnswer("fine"));
  const host = `${name}:${server.port}`;
  const grant = makeGrant("API_KEY", [host]);
  const run = await openTestRun([grant], { roots });
  try {
    const reply = await ask(run.proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${grant.placeholder}\r\n\r\n`);
    return { reply, received: server.received() };
  } finally {
    await run.proxy.close();
    await server.close();
  }
}

describe.each([
  ["", undefined],
  [", with verification turned off in the environment", "0"],
])("a server%s", (_when, setting) => {
  beforeEach(() => {
    if (setting !== undefined) process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = setting;
  });
  afterEach(() => {
    delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  });

  it.each(Object.entries(BAD_CERTIFICATES))("gets nothing with a certificate %s", async (_kind, make) => {
    const { reply, received } = await present(make());
    expect([reply.status, reply.headers["x-vault-refusal"], received]).toEqual([502, "upstream-certificate", ""]);
  });
});

describe("a server gets the value", () => {
  it.each(Object.entries(GOOD_CERTIFICATES))("with a certificate %s", async (_kind, make) => {
    const { reply, received } = await present(make());
    expect([reply.status, received.split(VALUE).length]).toEqual([200, 2]);
  });
});

describe("the program itself, with everything in its environment that weakens a Node's TLS", () => {
  const cases = Object.entries(BAD_CERTIFICATES).map(([kind, make]) => ({ kind, ...make() })).filter(({ host }) => isIP(host) === 0);
  const weakened = {
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_OPTIONS: "--tls-min-v1.0 --tls-cipher-list=ALL:eNULL:aNULL:@SECLEVEL=0",
  };

  it("sends none of these servers anything", async () => {
    const own = await openUserProxy("me:there");
    const outcomes: Record<string, readonly string[]> = {};
    // Roots of the same name and key must not stand in for each other.
    for (const root of new Set(cases.flatMap(({ roots }) => roots))) {
      const group = await Promise.all(cases.filter(({ roots }) => roots.includes(root)).map(async (one) => ({ ...one, server: await openRawServer(one.tls, () => plainAnswer("fine")) })));
      const hosts = group.map(({ host, server }) => `${host}:${server.port}`);
      const run = await openRunningVault({ value: VALUE, hosts, places: "header", upstreamCertificate: root, variables: { ...weakened, HTTPS_PROXY: `http://me:there@127.0.0.1:${own.port}` } });
      for (const [at, { kind, server }] of group.entries()) {
        const host = hosts[at] ?? "";
        const reply = await ask(run, host, `GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${run.placeholder}\r\n\r\n`);
        outcomes[kind] = [`${reply.status} ${reply.headers["x-vault-refusal"] ?? ""}`, server.received()];
      }
      await run.close();
      await Promise.all(group.map(({ server }) => server.close()));
    }
    await own.close();
    expect(outcomes).toEqual(Object.fromEntries(cases.map(({ kind }) => [kind, ["502 upstream-certificate", ""]])));
  });
});
