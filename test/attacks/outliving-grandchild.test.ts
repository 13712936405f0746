// A program leaves something behind: a daemon, a job, a copy of its environment in a file, a connection that it keeps open. All of it was good for one run,
// and with the run's program everything else ends: the port, the token, the CA, each open connection. What is left is a placeholder, which opens nothing by itself: a later run takes it where it gives that secret, from its own program, which has its token.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { attempt, openOwnStage } from "../support/attack-stage.ts";
import { openBuiltStage } from "../support/built-stage.ts";
import { ask, collect, openConnect, openSecure, proxyAuthorization } from "../support/proxy-child.ts";
import { openTestRun, VALUE } from "../support/proxy-run.ts";
import { connect } from "../support/raw-sockets.ts";
import { hasTools } from "../support/transcript.ts";

const { upstream, built } = await openBuiltStage(VALUE);

const curl = (path: string): string => `curl -s -S -o /dev/null -w '%{http_code}' --max-time 10 https://localhost:${upstream.port}${path} -H "Authorization: Bearer $API_KEY"`;

describe("a grandchild", () => {
  it.skipIf(!hasTools())("(needs curl and python3) that outlives the run gets nowhere, with all that it has kept", async () => {
    const [go, result] = [join(built.folder, "go"), join(built.folder, "result")];
    // While the run lasts, the same request works.
    const grandchild = `(while [ ! -e ${go} ]; do sleep 0.05; done; ${curl("/after-the-run")} >${result} 2>&1; echo " status $?" >>${result}) >/dev/null 2>&1 &`;
    const run = built.run(`${grandchild} ${curl("/during-the-run")}; echo; env; echo done`);
    expect(await run.ended).toBe(0);
    expect(run.output()).toMatch(/^200$/m);
    expect(upstream.received()).toContain("GET /during-the-run ");
    writeFileSync(go, "");
    await expect.poll(() => existsSync(result) && /status \d+/.test(readFileSync(result, "utf8")), { timeout: 15_000 }).toBe(true);
    // Without its CA's file, or without its proxy: curl's statuses 77 and 7.
    expect(readFileSync(result, "utf8")).toMatch(/^000?.* status (?:7|77)\n$|status (?:7|77)\n$/s);
    expect(upstream.received()).not.toContain("/after-the-run");
    const [, port = ""] = /^HTTPS_PROXY=.*:(\d+)$/m.exec(run.output()) ?? [];
    const [, caFile = ""] = /^SSL_CERT_FILE=(.*)$/m.exec(run.output()) ?? [];
    expect([await isOpen(Number(port)), existsSync(caFile)]).toEqual([false, false]);
  });

  it("does not keep the run from ending", async () => {
    const run = built.run("sleep 5 >/dev/null 2>&1 & exit 7");
    expect(await run.ended).toBe(7);
  });
});

describe("what is left of a run", () => {
  it("is no connection: those that are open end with it, whatever they are at", async () => {
    const stage = await openOwnStage({ answer: () => undefined });
    const [idle, waiting] = [await openSecure(stage.run.proxy, stage.host), await openSecure(stage.run.proxy, stage.host)];
    const tunnel = await openConnect(stage.run.proxy, `other.example.test:${stage.server.port}`);
    const half = connect(stage.run.proxy.port, "127.0.0.1");
    half.write("CONNECT ");
    const ends = [idle, waiting, tunnel.socket, half].map((socket) => collect(socket.on("error", () => socket.destroy())).read());
    waiting.write(`GET / HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`);
    await expect.poll(() => stage.server.received()).toContain("GET / ");
    await stage.run.proxy.close();
    expect(await Promise.all(ends)).toEqual(["", "", "", ""]);
    expect(await isOpen(stage.run.proxy.port)).toBe(false);
  });

  it("is no token: another run asks for its own", async () => {
    const [one, two] = [await openOwnStage(), await openOwnStage()];
    const { head, socket } = await openConnect(two.run.proxy, two.host, proxyAuthorization(one.run.proxy));
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 407 /);
    expect(new URL(one.run.proxy.url).password).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is no CA: another run has its own", async () => {
    const [one, two] = [await openOwnStage(), await openOwnStage()];
    expect(one.run.proxy.caCertificate).not.toBe(two.run.proxy.caCertificate);
    await expect(openSecure(two.run.proxy, two.host, undefined, one.run.proxy.caCertificate)).rejects.toThrow();
  });

  it("is a placeholder that a run of another vault does not know, and passes on as the text that it is", async () => {
    const [one, two] = [await openOwnStage(), await openOwnStage()];
    const { sent } = await attempt(two, `GET / HTTP/1.1\r\nHost: ${two.host}\r\nX-Api-Key: ${one.grant.placeholder}\r\n\r\n`);
    expect(sent).toContain(one.grant.placeholder);
    expect(sent).not.toContain(VALUE);
    expect((await attempt(two, `GET / HTTP/1.1\r\nHost: ${two.host}\r\nX-Api-Key: ${two.grant.placeholder}\r\n\r\n`)).sent).toContain(VALUE);
  });

  it("is nothing after a lock, even while the run lasts", async () => {
    let isRevoked = false;
    const stage = await openOwnStage({ isRevoked: () => isRevoked });
    const request = `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`;
    expect((await attempt(stage, request)).reply.status).toBe(200);
    isRevoked = true;
    expect(await attempt(stage, request)).toMatchObject({ reply: { status: 403, headers: { "x-vault-refusal": "locked" } }, sent: "" });
  });

  it("is nothing that the next run is hindered by", async () => {
    const stage = await openOwnStage();
    await stage.run.proxy.close();
    const next = await openTestRun([stage.grant], { roots: [stage.ca.certificate] });
    try {
      expect((await ask(next.proxy, stage.host, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`)).status).toBe(200);
    } finally {
      await next.proxy.close();
    }
  });
});

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      resolve(true);
      socket.destroy();
    });
    socket.once("error", () => { resolve(false); });
  });
}
