// git and others of libcurl's ask the proxy without a credential first, to hear which kind it wants. That is answered with 407, on a connection that stays; and where
// the token follows on it, nothing was refused that anybody would want to hear of.
import { execFile, spawnSync } from "node:child_process";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { collect, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import { connect } from "../support/raw-sockets.ts";
import { makeTestCa } from "../support/test-ca.ts";

const ca = makeTestCa();
let server: RawServer;
let run: TestRun;
let host: string;

beforeEach(async () => {
  server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  host = `api.example.test:${server.port}`;
  run = await openTestRun([makeGrant("API_KEY", [host])], { roots: [ca.certificate] });
});
afterEach(async () => {
  await run.proxy.close();
  await server.close();
});

const connectTo = (authority: string, authorization = ""): string => `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization === "" ? "" : `Proxy-Authorization: ${authorization}\r\n`}\r\n`;
const refusals = (): unknown[] => run.events.filter(({ kind }) => kind === "refused");

function open(): { readonly socket: Socket; readonly say: (text: string, until: RegExp) => Promise<string> } {
  const socket = connect(run.proxy.port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  let seen = 0;
  const bytes = collect(socket);
  return {
    socket,
    async say(text, until) {
      socket.write(text);
      const all = await bytes.read((raw) => until.test(raw.slice(seen)));
      const answer = all.slice(seen);
      seen = all.length;
      return answer;
    },
  };
}

describe("a CONNECT without a credential", () => {
  it("is asked for one on a connection that stays, and is no refusal where the token follows", async () => {
    const { socket, say } = open();
    const first = await say(connectTo(host), /request [0-9a-f-]+\)\n$/);
    expect(first).toMatch(/^HTTP\/1\.1 407 [^]*proxy-authenticate: Basic realm="vault"[^]*connection: keep-alive/);
    expect(await say(connectTo(host, proxyAuthorization(run.proxy)), /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
    await run.proxy.close();
    expect(refusals()).toEqual([]);
  });

  it("is one where nothing follows", async () => {
    const { socket, say } = open();
    await say(connectTo(host), /request [0-9a-f-]+\)\n$/);
    expect(refusals()).toEqual([]);
    socket.destroy();
    await expect.poll(refusals).toMatchObject([{ code: "proxy-auth", authority: null, method: "CONNECT" }]);
  });

  it("is one where the run ends first", async () => {
    const { say } = open();
    await say(connectTo(host), /request [0-9a-f-]+\)\n$/);
    await run.proxy.close();
    expect(refusals()).toMatchObject([{ code: "proxy-auth" }]);
  });

  it("is one where another without a credential follows, and where a wrong token does, which ends the connection", async () => {
    const { socket, say } = open();
    await say(connectTo(host), /request [0-9a-f-]+\)\n$/);
    await say(connectTo(host), /request [0-9a-f-]+\)\n$/);
    expect(refusals()).toHaveLength(1);
    expect(await say(connectTo(host, "Basic dmF1bHQ6d3Jvbmc="), /request [0-9a-f-]+\)\n$/)).toMatch(/^HTTP\/1\.1 407 [^]*connection: close/);
    socket.destroy();
    await run.proxy.close();
    expect(refusals().length).toBeGreaterThan(1);
  });

  it("opens nothing by itself, however often it is made", async () => {
    const { socket, say } = open();
    for (let round = 0; round < 5; round += 1) expect(await say(connectTo(host), /request [0-9a-f-]+\)\n$/)).toMatch(/^HTTP\/1\.1 407 /);
    socket.destroy();
    expect(server.received()).toBe("");
  });
});

it("a request for plain HTTP likewise", async () => {
  const { socket, say } = open();
  const ask = (line: string): string => `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n${line}\r\n`;
  expect(await say(ask(""), /request [0-9a-f-]+\)\n$/)).toMatch(/^HTTP\/1\.1 407 [^]*connection: keep-alive/);
  expect(await say(ask(`Proxy-Authorization: ${proxyAuthorization(run.proxy)}\r\n`), /\r\n\r\n/)).not.toMatch(/^HTTP\/1\.1 407 /);
  socket.destroy();
  await run.proxy.close();
  expect(refusals().filter((event) => (event as { code?: string }).code === "proxy-auth")).toEqual([]);
});

describe.skipIf(spawnSync("curl", ["--version"]).status !== 0)("curl, as git uses it (needs curl)", () => {
  it("has its secret put in, and nothing is refused", async () => {
    const grant = makeGrant("API_KEY", [host]);
    await run.proxy.close();
    run = await openTestRun([grant], { roots: [ca.certificate] });
    const { stdout } = await promisify(execFile)("curl", ["-s", "-k", "--proxy-anyauth", "-x", run.proxy.url, "-H", `Authorization: Bearer ${grant.placeholder}`, `https://${host}/`]);
    expect(stdout).toBe("fine");
    expect(server.received()).toContain(`Bearer ${VALUE}`);
    await run.proxy.close();
    expect(run.events.map(({ kind }) => kind)).toEqual(["substituted"]);
  });
});

describe.skipIf(spawnSync("git", ["--version"]).status !== 0)("git (needs git)", () => {
  it("is told of nothing but what the server says", async () => {
    const env = { ...process.env, HTTPS_PROXY: run.proxy.url, GIT_SSL_NO_VERIFY: "1", GIT_TERMINAL_PROMPT: "0", NO_PROXY: "", no_proxy: "" };
    await promisify(execFile)("git", ["ls-remote", `https://${host}/one.git`], { env }).catch(() => undefined);
    expect(server.received()).toContain("GET /one.git/info/refs");
    await run.proxy.close();
    expect(refusals()).toEqual([]);
  });
});
