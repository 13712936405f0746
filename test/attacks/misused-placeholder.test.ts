// A program holds a placeholder and tries what it is good for: at another host, another port, another place, twice, spelled otherwise, beside a credential of its
// own, with a value that breaks out of its header or names another placeholder, after the vault was locked. The value goes to its host, in its place, once, or
// the request is refused with nothing sent; a placeholder that cannot act stays what it is.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { Reply } from "../support/proxy-child.ts";
import { ask, collect, openSecure, parseReply } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import type { TestCa } from "../support/test-ca.ts";
import { makeTestCa } from "../support/test-ca.ts";

let ca: TestCa;
let server: RawServer;
let wrongPort: RawServer;
let grants: Record<"key" | "other" | "basicOnly" | "broken" | "tricky", Grant>;
let run: TestRun;
let authority: string;
let isRevoked = false;
let isAuditBroken = false;

beforeAll(async () => {
  ca = makeTestCa();
  server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  wrongPort = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  authority = `api.example.test:${server.port}`;
  const key = makeGrant("API_KEY", [authority]);
  grants = {
    key,
    other: makeGrant("OTHER_KEY", [`other.example.test:${server.port}`], { value: "other-value-123" }),
    basicOnly: makeGrant("BASIC_ONLY", [authority], { value: "only-inside-basic", places: ["basic"] }),
    broken: makeGrant("BROKEN", [authority], { value: "first line\r\nX-Injected: 1" }),
    tricky: makeGrant("TRICKY", [authority], { value: `$& $1 $$ ${key.placeholder}` }),
  };
  run = await openTestRun(Object.values(grants), {
    roots: [ca.certificate],
    isRevoked: () => isRevoked,
  });
});

afterAll(async () => {
  await run.proxy.close();
  await server.close();
  await wrongPort.close();
});

const request = (...headers: readonly string[]): string => ["GET /path?q=1 HTTP/1.1", `Host: ${authority}`, ...headers, "", ""].join("\r\n");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The answer to a request, and what the server got of it. */
async function send(text: string): Promise<{ reply: Reply; sent: string }> {
  const before = server.received().length;
  const reply = await ask(run.proxy, authority, text);
  return { reply, sent: server.received().slice(before) };
}

async function expectRefusal(text: string, status: number, code: string): Promise<Reply> {
  const { reply, sent } = await send(text);
  expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([status, code]);
  expect(sent).toBe("");
  const event = run.events.at(-1);
  expect(event).toMatchObject({ kind: "refused", code, request: reply.headers["x-vault-request"] });
  for (const { placeholder } of Object.values(grants)) {
    expect(reply.raw).not.toContain(placeholder);
    expect(JSON.stringify(run.events)).not.toContain(placeholder);
  }
  expect(JSON.stringify(run.events)).not.toContain("/path");
  return reply;
}

describe("a placeholder in a credential header to its own host", () => {
  it("becomes the value, once, in place, order and case kept", async () => {
    const { reply, sent } = await send(request("X-First: 1", `Authorization: Bearer ${grants.key.placeholder}`, "X-LAST: 2"));
    expect([reply.status, reply.body]).toEqual([200, "fine"]);
    expect(sent).toContain(`GET /path?q=1 HTTP/1.1\r\nhost: ${authority}\r\n`);
    expect(sent).toContain(`X-First: 1\r\nAuthorization: Bearer ${VALUE}\r\nX-LAST: 2\r\n`);
    expect(sent).not.toContain(grants.key.placeholder);
    expect(sent).not.toMatch(/proxy-/i);
    expect(run.events.at(-1)).toMatchObject({ kind: "substituted", authority, method: "GET", secrets: ["API_KEY"] });
  });

  it.each(["X-Api-Key", "Private-Token", "xi-api-key", "X-Auth-Token"])("acts in %s", async (name) => {
    const { sent } = await send(request(`${name}: ${grants.key.placeholder}`));
    expect(sent).toContain(`${name}: ${VALUE}\r\n`);
  });

  it("acts inside a cookie", async () => {
    const { sent } = await send(request(`Cookie: a=1; session=${grants.key.placeholder}; b=2`));
    expect(sent).toContain(`Cookie: a=1; session=${VALUE}; b=2\r\n`);
  });

  it.each([
    ["user", (placeholder: string) => `${placeholder}:x-oauth-basic`, `${VALUE}:x-oauth-basic`],
    ["password", (placeholder: string) => `x-access-token:${placeholder}`, `x-access-token:${VALUE}`],
    ["whole, without a colon", (placeholder: string) => placeholder, VALUE],
  ])("is decoded, replaced and encoded again as the %s of a Basic credential", async (_part, credential, expected) => {
    const { sent } = await send(request(`Authorization: Basic ${base64(credential(grants.key.placeholder))}`));
    expect(sent).toContain(`Authorization: Basic ${base64(expected)}\r\n`);
  });

  it("takes a bare placeholder behind Basic for a header value", async () => {
    const { sent } = await send(request(`Authorization: Basic ${grants.key.placeholder}`));
    expect(sent).toContain(`Authorization: Basic ${VALUE}\r\n`);
  });

  it("is the same when it comes byte by byte", async () => {
    const before = server.received().length;
    const secure = await openSecure(run.proxy, authority);
    const answer = collect(secure);
    for (const byte of request(`X-Api-Key: ${grants.key.placeholder}`)) {
      secure.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(parseReply(await answer.read((raw) => raw.endsWith("fine"))).status).toBe(200);
    secure.destroy();
    expect(server.received().slice(before)).toContain(`X-Api-Key: ${VALUE}\r\n`);
  });

  it("is written as it stands, whatever it looks like", async () => {
    const { sent } = await send(request(`X-Api-Key: ${grants.tricky.placeholder}`));
    expect(sent).toContain(`X-Api-Key: $& $1 $$ ${grants.key.placeholder}\r\n`);
    expect(sent).not.toContain(VALUE);
  });
});

describe("a request whose secret may not go out is refused", () => {
  it("to another secret's host, with the fix for the person alone", async () => {
    const reply = await expectRefusal(request(`X-Api-Key: ${grants.other.placeholder}`), 403, "host");
    expect(reply.body).toContain(`OTHER_KEY was not sent to ${authority}; it may go to other.example.test:${server.port}; ask the person who started this run (host, request `);
    expect(run.events.at(-1)).toMatchObject({ remedy: `if you trust ${authority} with it: vault secrets update OTHER_KEY --host ${authority}` });
    await expectRefusal(request(`Authorization: Basic ${base64(`user:${grants.other.placeholder}`)}`), 403, "host");
  });

  it("at another port of its host", async () => {
    const elsewhere = `api.example.test:${wrongPort.port}`;
    const reply = await ask(run.proxy, elsewhere, `GET / HTTP/1.1\r\nHost: ${elsewhere}\r\nX-Api-Key: ${grants.key.placeholder}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "host"]);
    expect(wrongPort.received()).toBe("");
    const harmless = await ask(run.proxy, elsewhere, `GET / HTTP/1.1\r\nHost: ${elsewhere}\r\n\r\n`);
    expect(harmless.status).toBe(200);
  });

  it("in a place that it may not take", async () => {
    const reply = await expectRefusal(request(`X-Api-Key: ${grants.basicOnly.placeholder}`), 403, "place");
    expect(reply.body).toContain("it may not stand in the header x-api-key; ask the person who started this run");
    expect(run.events.at(-1)).toMatchObject({ remedy: "to allow it: vault secrets update BASIC_ONLY --inject basic,header" });
    const { sent } = await send(request(`Authorization: Basic ${base64(`user:${grants.basicOnly.placeholder}`)}`));
    expect(sent).toContain(base64("user:only-inside-basic"));
  });

  it("when the placeholder stands twice where it may act", async () => {
    await expectRefusal(request(`Cookie: a=${grants.key.placeholder}; b=${grants.key.placeholder}`), 400, "repeated");
    await expectRefusal(request(`Authorization: Bearer ${grants.key.placeholder}:${grants.key.placeholder}`), 400, "repeated");
    await expectRefusal(request(`Authorization: Bearer ${grants.key.placeholder} ${grants.key.placeholder}`), 403, "place");
  });

  it("beside a second header of the same name", async () => {
    await expectRefusal(request(`Authorization: Bearer ${grants.key.placeholder}`, "authorization: Bearer mine"), 400, "bad-request");
    await expectRefusal(request("authorization: Bearer mine", `Authorization: Bearer ${grants.key.placeholder}`), 400, "bad-request");
  });

  it("when its value has a line break in it", async () => {
    const reply = await expectRefusal(request(`X-Api-Key: ${grants.broken.placeholder}`), 403, "unusable-value");
    expect(reply.body).not.toContain("Injected");
    await expectRefusal(request(`Authorization: Basic ${base64(`user:${grants.broken.placeholder}`)}`), 403, "unusable-value");
  });

  it("after the vault was locked", async () => {
    isRevoked = true;
    try {
      await expectRefusal(request(`X-Api-Key: ${grants.key.placeholder}`), 403, "locked");
    } finally {
      isRevoked = false;
    }
  });

  it("when its audit entry cannot be written", async () => {
    const unheard = await openTestRun([grants.key], { roots: [ca.certificate], flush: () => { if (isAuditBroken) throw new Error("disk full"); } });
    try {
      isAuditBroken = true;
      const before = server.received().length;
      const reply = await ask(unheard.proxy, authority, request(`X-Api-Key: ${grants.key.placeholder}`));
      expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([503, "audit"]);
      expect(server.received().length).toBe(before);
      isAuditBroken = false;
      expect((await ask(unheard.proxy, authority, request(`X-Api-Key: ${grants.key.placeholder}`))).status).toBe(200);
    } finally {
      await unheard.proxy.close();
    }
  });
});

describe("a placeholder where it may not act", () => {
  it.each([
    ["header", (placeholder: string) => `GET / HTTP/1.1\r\nHost: ${authority}\r\nX-Note: ${placeholder}\r\n\r\n`],
    ["target", (placeholder: string) => `GET /?key=${placeholder} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`],
    ["body", (placeholder: string) => `POST / HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: ${placeholder.length + 4}\r\n\r\n{"${placeholder}"}`],
    ["body", (placeholder: string) => `POST / HTTP/1.1\r\nHost: ${authority}\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${placeholder.slice(0, 20)}\r\nf\r\n${placeholder.slice(20)}\r\n0\r\n\r\n`],
  ])("goes on as it is and is audited (%s)", async (spot, text) => {
    const { reply, sent } = await send(text(grants.key.placeholder));
    expect(reply.status).toBe(200);
    expect(sent.replaceAll(/\r\n[0-9a-f]+\r\n/g, "")).toContain(grants.key.placeholder);
    expect(sent).not.toContain(VALUE);
    expect(run.events.filter(({ kind }) => kind === "inert").at(-1)).toMatchObject({ kind: "inert", secrets: ["API_KEY"], spot });
  });

  it("is refused in a strict run, in a body too", async () => {
    const strict = await openTestRun([grants.key], { roots: [ca.certificate], strict: true });
    try {
      for (const text of [
        `GET /?key=${grants.key.placeholder} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
        `POST / HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: ${grants.key.placeholder.length}\r\n\r\n${grants.key.placeholder}`,
      ]) {
        const before = server.received().length;
        const reply = await ask(strict.proxy, authority, text);
        expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([400, "misplaced"]);
        expect(server.received().slice(before)).not.toContain(grants.key.placeholder.slice(0, 12));
      }
    } finally {
      await strict.proxy.close();
    }
  });

  it.each([
    ["percent-encoded", (placeholder: string) => placeholder.replace("_", "%5F")],
    ["base64", base64],
    ["upper case", (placeholder: string) => placeholder.toUpperCase()],
    ["JSON-escaped", (placeholder: string) => placeholder.replace("v", "\\u0076")],
  ])("is no placeholder when it is %s", async (_how, variant) => {
    const { reply, sent } = await send(request(`X-Api-Key: ${variant(grants.key.placeholder)}`));
    expect(reply.status).toBe(200);
    expect(sent).toContain(variant(grants.key.placeholder));
    expect(sent).not.toContain(VALUE);
  });

  it("does not travel in trailers", async () => {
    const { reply, sent } = await send(`POST / HTTP/1.1\r\nHost: ${authority}\r\nTrailer: X-Api-Key\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Api-Key: ${grants.key.placeholder}\r\n\r\n`);
    expect(reply.status).toBe(200);
    expect(sent).not.toContain("X-Api-Key");
    expect(sent).not.toContain(VALUE);
  });
});
