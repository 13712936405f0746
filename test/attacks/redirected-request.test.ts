// A bound host answers with a redirect, to another host, another port, without TLS, or to an address that has the value in it, and the program follows with its
// credential, as some clients do. The redirect is the program's to follow; Location comes back without the value, and the next request is judged like any other.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { attempt, openStage } from "../support/attack-stage.ts";
import type { Reply } from "../support/proxy-child.ts";
import { ask, askPlain, collect, openSecure, proxyAuthorization } from "../support/proxy-child.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";

let stage: AttackStage;
let plain: RawServer;
let location = "";
let status = 302;
beforeAll(async () => {
  stage = await openStage({ answer: (request) => (request.startsWith("GET /old") ? `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nRefresh: 0; url=${location}\r\nContent-Length: 0\r\n\r\n` : plainAnswer("fine")) });
  plain = await openRawServer(undefined, () => plainAnswer("plain"));
});
afterAll(async () => {
  await stage.close();
  await plain.close();
});

const request = (path: string, host: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${stage.grant.placeholder}\r\n\r\n`;

/** Asks, and follows where the answer leads, credential and all. */
async function follow(to: string): Promise<Reply> {
  location = to;
  const { reply } = await attempt(stage, request("/old", stage.host));
  expect(reply.status).toBe(status);
  const { protocol, host, pathname, port, hostname } = new URL(reply.headers["location"] ?? "", `https://${stage.host}`);
  if (protocol === "https:") return ask(stage.run.proxy, `${hostname}:${port === "" ? 443 : port}`, request(pathname, host));
  return askPlain(stage.run.proxy, request(`http://${host}${pathname}`, host).replace("\r\n\r\n", `\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`));
}

describe.each([301, 302, 303, 307, 308])("a redirect by %i", (code) => {
  beforeAll(() => {
    status = code;
  });

  it("to the host without TLS is refused when it is followed", async () => {
    const reply = await follow(`http://api.example.test:${plain.port}/new`);
    expect([reply.status, reply.headers["x-vault-refusal"], plain.received()]).toEqual([403, "plain-http", ""]);
  });

  it("to another host without TLS is refused as well", async () => {
    const reply = await follow(`http://evil.example.test:${plain.port}/new`);
    expect([reply.status, reply.headers["x-vault-refusal"], plain.received()]).toEqual([403, "plain-http", ""]);
  });

  it("to another port of the host is refused", async () => {
    const reply = await follow(`https://api.example.test:${plain.port}/new`);
    expect([reply.status, reply.headers["x-vault-refusal"], plain.received()]).toEqual([403, "host", ""]);
    expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", code: "host" });
  });

  it("within the host is followed, with the value", async () => {
    const before = stage.server.received().length;
    const reply = await follow("/new");
    expect([reply.status, reply.body]).toEqual([200, "fine"]);
    expect(stage.server.received().slice(before)).toMatch(new RegExp(`^GET /new HTTP/1\\.1\r\n[^]*Authorization: Bearer ${VALUE.replace(/[.*+?^${}()|[\]\\/~-]/g, "\\$&")}\r\n`, "m"));
  });
});

describe("a redirect", () => {
  it("to another host over TLS leads through a tunnel that nobody looks into, with the placeholder only", async () => {
    const other = await openRawServer(stage.ca.identityFor("elsewhere.example.test"), () => plainAnswer("other"));
    try {
      const host = `elsewhere.example.test:${other.port}`;
      location = `https://${host}/new`;
      expect((await attempt(stage, request("/old", stage.host))).reply.headers["location"]).toBe(location);
      const secure = await openSecure(stage.run.proxy, host, "elsewhere.example.test", stage.ca.certificate);
      secure.write(request("/new", host));
      expect(await collect(secure).read((raw) => raw.endsWith("other"))).toContain("200");
      secure.destroy();
      expect(other.received()).toContain(`Bearer ${stage.grant.placeholder}`);
      expect(other.received()).not.toContain(VALUE);
    } finally {
      await other.close();
    }
  });

  it.each([
    ["as it is", VALUE],
    ["percent-encoded", encodeURIComponent(VALUE)],
    ["as a form writes it", new URLSearchParams({ v: VALUE }).toString().slice(2)],
    ["in base64", Buffer.from(VALUE).toString("base64url")],
    ["in hex", Buffer.from(VALUE).toString("hex")],
  ])("with the value in it %s comes back with the placeholder", async (_how, form) => {
    location = `https://elsewhere.example.test/?key=${form}&more=1`;
    const { reply } = await attempt(stage, request("/old", stage.host));
    expect(reply.headers["location"]).toMatch(new RegExp(`\\?key=${stage.grant.placeholder}.{0,2}&more=1$`));
    expect(reply.raw).not.toContain(form.slice(2, -2));
  });
});
