// A program opens a connection to the host that a secret is bound to, and asks there for another one: in the TLS greeting, in the Host header,
// or in the request's own target. A content network that serves both would hand the value to the wrong customer.
// All three names and the CONNECT must agree; a greeting for another name ends before a certificate is made for it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { attempt, BOUND_NAME, expectRefused, expectServedWithValue, openStage } from "../support/attack-stage.ts";
import { collect, openConnect, openSecure } from "../support/proxy-child.ts";
import { connectTls } from "../support/raw-sockets.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const get = (target: string, host: string): string => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${stage.grant.placeholder}\r\n\r\n`;

describe("a TLS greeting", () => {
  it.each(["evil.example.test", "example.test", "x.api.example.test", "api.example.tes", "api.example.test.evil.test"])("for %s ends before a certificate is made", async (name) => {
    const { length } = stage.server.received();
    const { socket } = await openConnect(stage.run.proxy, stage.host);
    const secure = connectTls({ socket, servername: name, rejectUnauthorized: false });
    const shown = await new Promise<unknown>((resolve) => {
      secure.once("secureConnect", () => { resolve(secure.getPeerCertificate().subject); });
      secure.once("error", () => { resolve("none"); });
    });
    secure.destroy();
    expect(shown).toBe("none");
    expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", code: "misdirected", authority: stage.host });
    expect(stage.server.received()).toHaveLength(length);
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("for another name does not come in on the session of a good one (%s)", async (maxVersion) => {
    const good = connectTls({ socket: (await openConnect(stage.run.proxy, stage.host)).socket, servername: BOUND_NAME, ca: stage.run.proxy.caCertificate, maxVersion });
    const answer = collect(good);
    let session: Buffer | undefined;
    good.on("session", (given: Buffer) => (session = given));
    good.write(get("/", stage.host));
    await answer.read((raw) => raw.endsWith("fine"));
    session ??= good.getSession();
    good.destroy();
    expect(session).toBeDefined();
    const bad = connectTls({ socket: (await openConnect(stage.run.proxy, stage.host)).socket, servername: "evil.example.test", rejectUnauthorized: false, maxVersion, ...(session === undefined ? {} : { session }) });
    bad.on("error", () => bad.destroy());
    bad.write(get("/MARKER", stage.host));
    expect(await collect(bad).read()).toBe("");
    expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", code: "misdirected" });
    expect(stage.server.received()).not.toContain("MARKER");
  });

  it("without a name, as for an address, is answered for the host of the CONNECT", async () => {
    const secure = connectTls({ socket: (await openConnect(stage.run.proxy, stage.host)).socket, host: BOUND_NAME, servername: "", ca: stage.run.proxy.caCertificate });
    const answer = collect(secure);
    secure.write(get("/", stage.host));
    expect(await answer.read((raw) => raw.endsWith("fine"))).toContain(" 200 ");
    secure.destroy();
  });

  it("for the host itself, in any case, is answered", async () => {
    (await openSecure(stage.run.proxy, stage.host, "API.Example.TEST")).destroy();
  });
});

describe("a Host header", () => {
  it.each([
    ["another host", () => "evil.example.test"],
    ["another host with the right port", () => `evil.example.test:${stage.server.port}`],
    ["the right host at another port", () => `${BOUND_NAME}:1`],
    ["the right host at the scheme's port", () => BOUND_NAME],
    ["a host below", () => `x.${stage.host}`],
    ["the host above", () => `example.test:${stage.server.port}`],
    ["the host's address", () => `127.0.0.1:${stage.server.port}`],
    ["a homograph", () => `\xe0pi.example.test:${stage.server.port}`],
  ])("that names %s is refused", async (_name, host) => {
    await expectRefused(stage, get("/MARKER", host()), 421, "misdirected");
  });

  it.each([
    ["as bound", () => stage.host],
    ["in capitals", () => stage.host.toUpperCase()],
    ["with the root's dot", () => stage.host.replace(":", ".:")],
  ])("that names the host %s is served, and made canonical", async (_name, host) => {
    const { sent } = await expectServedWithValue(stage, get("/", host()));
    expect(sent.toLowerCase()).toContain(`host: ${stage.host}\r\n`);
  });
});

describe("an absolute target", () => {
  it.each([
    ["another host", () => "https://evil.example.test/MARKER"],
    ["another port", () => `https://${BOUND_NAME}:1/MARKER`],
    ["another scheme", () => `http://${stage.host}/MARKER`],
    ["another scheme's name", () => `wss://${stage.host}/MARKER`],
  ])("for %s is refused, whatever the Host says", async (_name, target) => {
    await expectRefused(stage, get(target(), stage.host), 421, "misdirected");
  });

  it.each([
    ["a user", () => `https://evil@${stage.host}/MARKER`],
    ["no host", () => "https:///MARKER"],
    ["a backslash", () => `https://${stage.host}\\@evil.example.test/MARKER`],
    ["a zero before the port", () => `https://${stage.host.replace(":", ":0")}/MARKER`],
  ])("with %s is malformed", async (_name, target) => {
    await expectRefused(stage, get(target(), stage.host), 400, "bad-request");
  });

  it("for this host is made origin-form", async () => {
    const { sent } = await expectServedWithValue(stage, get(`https://${stage.host.toUpperCase()}/a?b=https://evil.example.test/`, stage.host));
    expect(sent).toMatch(/^GET \/a\?b=https:\/\/evil\.example\.test\/ HTTP\/1\.1\r\n/);
    expect((await attempt(stage, get(`https://${stage.host}`, stage.host))).sent).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
    expect((await attempt(stage, get(`https://${stage.host}?q`, stage.host))).sent).toMatch(/^GET \/\?q HTTP\/1\.1\r\n/);
  });
});
