// What reaches those who should not be heard, and what they can do to the agent.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AgentClient } from "../../src/agent/client/client.ts";
import { connectAgent } from "../../src/agent/client/connect.ts";
import type { Frame } from "../../src/agent/wire/frame.ts";
import { encodeFrame, FrameReader } from "../../src/agent/wire/frame.ts";
import { encodeHello, parseChallenge } from "../../src/agent/wire/handshake.ts";
import type { AgentPaths } from "../../src/agent/wire/paths.ts";
import { deriveFromKek } from "../../src/vault/derive.ts";
import { asDek } from "../../src/vault/key-bytes.ts";
import { bundleAgent, drawKek, grantFor, isAlive, launchAgent, makeFolder, pathsIn, removeFolder } from "../support/agent-process.ts";
import { connect, createServer } from "../support/raw-sockets.ts";

const vaultId = new Uint8Array(randomBytes(16));
const kek = drawKek();
const hash = new Uint8Array(randomBytes(32));
const NO_KEYS = new Uint8Array();

let root: string;
let paths: AgentPaths;
let pid: number;
let closers: (() => void)[];

beforeAll(async () => {
  root = makeFolder();
  paths = pathsIn(join(root, "run"));
  const agent = await launchAgent(await bundleAgent(root), paths, grantFor(kek, vaultId));
  expect(agent.reply).toEqual({ kind: "ready" });
  ({ pid } = agent);
});

afterAll(() => {
  if (isAlive(pid)) process.kill(pid, "SIGTERM");
  removeFolder(root);
});

beforeEach(() => { closers = []; });
afterEach(async () => {
  for (const close of closers) close();
  // Whatever a test did, the agent goes on.
  expect(await (await connected(paths)).authenticate(hash)).toHaveLength(32);
  for (const close of closers) close();
});

async function connected(to: AgentPaths): Promise<AgentClient> {
  const client = await connectAgent(to);
  if (client === undefined) throw new Error("no agent");
  closers.push(() => { client.close(); });
  return client;
}

/** A connection that keeps every byte it was sent. */
class RawConnection {
  readonly received: Buffer[] = [];
  readonly closed: Promise<void>;
  readonly socket: Socket;
  isClosed = false;

  constructor(path: string) {
    this.socket = connect({ path });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk) => this.received.push(chunk));
    this.closed = new Promise((resolve) => { this.socket.once("close", () => { this.isClosed = true; resolve(); }); });
    closers.push(() => this.socket.destroy());
  }

  get frames(): Frame[] {
    return [...new FrameReader().read(Buffer.concat(this.received), () => 2 ** 24)];
  }

  async next(count: number): Promise<Frame> {
    while (this.frames.length < count) {
      if (this.isClosed) throw new Error("closed");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.frames.at(-1)!;
  }

  write(frame: Frame | Uint8Array): void {
    this.socket.write(frame instanceof Uint8Array ? frame : encodeFrame(frame));
  }

  /** The first two frames of a client that knows this token. */
  async sayHello(token: Uint8Array): Promise<void> {
    const agent = parseChallenge(await this.next(1));
    this.write(encodeHello(token, { agent, client: new Uint8Array(randomBytes(32)) }));
  }
}

const challengeOnly = (connection: RawConnection): boolean => connection.frames.length === 1 && (connection.frames[0]?.body as { kind: string }).kind === "challenge";

describe("a stranger", () => {
  it("with a wrong token hears nothing but the challenge", async () => {
    const stranger = new RawConnection(paths.socket);
    await stranger.sayHello(new Uint8Array(randomBytes(32)));
    await stranger.closed;
    expect(challengeOnly(stranger)).toBe(true);
  });

  it("cannot use another's hello", async () => {
    const [client, stranger] = [new RawConnection(paths.socket), new RawConnection(paths.socket)];
    const agent = parseChallenge(await client.next(1));
    const hello = encodeHello(new Uint8Array(readFileSync(paths.token)), { agent, client: hash });
    await stranger.next(1);
    stranger.write(hello);
    await stranger.closed;
    expect(challengeOnly(stranger)).toBe(true);
    client.write(hello);
    expect((await client.next(2)).body).toMatchObject({ kind: "welcome" });
  });

  it.each<[string, Frame | Uint8Array]>([
    ["asks without a hello", { body: { op: "status" }, keys: NO_KEYS }],
    ["asks for the end without a hello", { body: { op: "lock" }, keys: NO_KEYS }],
    ["sends more than 4 KiB", { body: "x".repeat(5000), keys: NO_KEYS }],
    ["announces more than 4 KiB", Uint8Array.of(0, 0, 0x10, 1)],
    ["announces 4 GiB", Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
    ["sends no JSON", new Uint8Array(64).fill(0x20)],
    ["speaks HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
    ["sends null", { body: null, keys: NO_KEYS }],
  ])("who %s is cut off", async (_, what) => {
    const stranger = new RawConnection(paths.socket);
    await stranger.next(1);
    stranger.write(what);
    await stranger.closed;
    expect(challengeOnly(stranger)).toBe(true);
  });

  it("who says nothing, or a byte now and then, is cut off after 2 seconds", async () => {
    const [silent, slow] = [new RawConnection(paths.socket), new RawConnection(paths.socket)];
    const begun = performance.now();
    const drip = setInterval(() => { slow.write(Uint8Array.of(0)); }, 900);
    closers.push(() => { clearInterval(drip); });
    await Promise.all([silent.closed, slow.closed]);
    expect(performance.now() - begun).toBeGreaterThan(1500);
  });

  it("who brings 200 connections keeps 64 of them at most, and clients get in when those are gone", async () => {
    const crowd = Array.from({ length: 200 }, () => new RawConnection(paths.socket));
    const client = connected(paths);
    await Promise.all(crowd.map(({ closed }) => closed));
    expect(crowd.filter(({ received }) => received.length > 0).length).toBeLessThanOrEqual(64);
    expect(await (await client).authenticate(hash)).toHaveLength(32);
  });
});

describe("200 clients at once", () => {
  it("are all served", async () => {
    const macs = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const client = await connectAgent(paths);
        try {
          return await client?.authenticate(hash);
        } finally {
          client?.close();
        }
      }),
    );
    expect(macs.every((mac) => mac?.length === 32)).toBe(true);
  });
});

describe("a client that knows the token", () => {
  it.each<[string, Frame | Uint8Array]>([
    ["a request that does not exist", { body: { op: "export" }, keys: NO_KEYS }],
    ["a request with more members", { body: { op: "status", verbose: true }, keys: NO_KEYS }],
    ["another hello", { body: { op: "hello" }, keys: NO_KEYS }],
    ["a frame beyond 16 MiB", Uint8Array.of(1, 0, 0, 1)],
    ["deep JSON", new Uint8Array([0, 2, 0, 0, 0, 1, 0xff, 0xfc, ...new Uint8Array(0x1fffc).fill(0x5b)])],
  ])("is cut off when it sends %s", async (_, what) => {
    const client = new RawConnection(paths.socket);
    await client.sayHello(new Uint8Array(readFileSync(paths.token)));
    await client.next(2);
    client.write(what);
    await client.closed;
    expect(client.frames).toHaveLength(2);
  });

  it("is sent neither the KEK nor a key made from it, in any writing, whatever it asks", async () => {
    const received: Buffer[] = [];
    const tap = createServer((inner) => {
      const outer = connect({ path: paths.socket });
      outer.on("data", (chunk) => received.push(Buffer.from(chunk)));
      for (const socket of [inner, outer]) socket.on("error", () => undefined);
      inner.pipe(outer).pipe(inner);
    });
    const tapped = { ...paths, socket: join(root, "tap") };
    await new Promise<void>((resolve) => { tap.listen(tapped.socket, resolve); });
    closers.push(() => { tap.close(); });
    const client = await connected(tapped);
    await client.status();
    const [wrapped] = await client.wrapDeks([{ dek: asDek(new Uint8Array(randomBytes(32))), aad: hash }]);
    await client.unwrapDeks([{ wrapped: wrapped!, aad: hash }]);
    await client.authenticate(hash);
    await client.unlock(grantFor(kek, vaultId));
    await expect(client.unlock({ ...grantFor(kek, vaultId), kek: drawKek() })).rejects.toMatchObject({ code: "wrong-key" });
    await expect(client.unwrapDeks([{ wrapped: wrapped!, aad: vaultId }])).rejects.toMatchObject({ code: "bad-wrap" });

    const everything = Buffer.concat(received);
    expect(everything.length).toBeGreaterThan(500);
    const { wrapKey, macKey } = deriveFromKek(kek, vaultId);
    const token = readFileSync(paths.token);
    for (const key of [kek, wrapKey, macKey, token].map((bytes) => Buffer.from(bytes))) {
      for (const form of [key, key.toString("base64").slice(0, 42), key.toString("base64url").slice(0, 42), key.toString("hex")]) expect(everything.includes(form)).toBe(false);
    }
  });
});

describe("a listener that is no agent", () => {
  it("is found out: it is sent neither token nor key", async () => {
    const folder = makeFolder();
    closers.push(() => { removeFolder(folder); });
    const fake = pathsIn(folder);
    const token = randomBytes(32);
    writeFileSync(fake.token, token, { mode: 0o600 });
    const heard: Buffer[] = [];
    const welcome = { kind: "welcome", proof: randomBytes(32).toString("base64"), vault: randomBytes(16).toString("base64"), id: randomBytes(16).toString("base64"), commitment: randomBytes(32).toString("base64") };
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write(encodeFrame({ body: { kind: "challenge", nonce: randomBytes(32).toString("base64") }, keys: NO_KEYS }));
      socket.on("data", (chunk) => {
        heard.push(Buffer.from(chunk));
        socket.write(encodeFrame({ body: welcome, keys: NO_KEYS }));
      });
    });
    await new Promise<void>((resolve) => { server.listen(fake.socket, resolve); });
    closers.push(() => { server.close(); });
    await expect(connectAgent(fake)).rejects.toMatchObject({ code: "busy" });
    const everything = Buffer.concat(heard);
    expect(everything.length).toBeGreaterThan(0);
    for (const form of [token, token.toString("base64").slice(0, 42), token.toString("hex")]) expect(everything.includes(form)).toBe(false);
  });

  it("cannot bring its own token: one that others may read or write is refused", async () => {
    const folder = makeFolder();
    closers.push(() => { removeFolder(folder); });
    const fake = pathsIn(folder);
    writeFileSync(fake.token, randomBytes(32));
    chmodSync(fake.token, 0o644);
    await expect(connectAgent(fake)).rejects.toMatchObject({ code: "unsafe-file" });
  });
});

describe.skipIf(process.getuid?.() !== 0)("another user (the tests run as root)", () => {
  const NOBODY = 65_534;
  const PROBE = `
    const { connect } = require("node:net");
    const { readFileSync } = require("node:fs");
    const [socketPath, tokenPath, hello] = process.argv.slice(1);
    let token = "";
    try { readFileSync(tokenPath); token = "read"; } catch (error) { token = error.code; }
    const received = [];
    let error = "";
    const socket = connect({ path: socketPath });
    socket.on("connect", () => socket.write(Buffer.from(hello, "hex")));
    socket.on("data", (chunk) => received.push(chunk));
    socket.on("error", ({ code }) => { error = code; });
    socket.on("close", () => console.log(JSON.stringify({ token, error, received: Buffer.concat(received).toString("hex") })));
  `;

  async function probe(): Promise<{ token: string; error: string; received: string }> {
    const hello = encodeFrame(encodeHello(new Uint8Array(32), { agent: hash, client: hash }));
    const child = spawn(process.execPath, ["-e", PROBE, paths.socket, paths.token, Buffer.from(hello).toString("hex")], { cwd: "/", env: {}, uid: NOBODY, gid: NOBODY, stdio: ["ignore", "pipe", "inherit"] });
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString()) as { token: string; error: string; received: string };
  }

  it("does not reach the socket", async () => {
    expect(await probe()).toEqual({ token: "EACCES", error: "EACCES", received: "" });
  });

  it("gets nothing even where folder and socket were opened to all", async () => {
    for (const [path, mode] of [[root, 0o755], [paths.folder, 0o755], [paths.socket, 0o666]] as const) chmodSync(path, mode);
    try {
      const { token, received } = await probe();
      expect(token).toBe("EACCES");
      const frames = [...new FrameReader().read(Buffer.from(received, "hex"), () => 4096)];
      expect(frames.map(({ body }) => (body as { kind: string }).kind)).toEqual(["challenge"]);
    } finally {
      for (const [path, mode] of [[root, 0o700], [paths.folder, 0o700], [paths.socket, 0o600]] as const) chmodSync(path, mode);
    }
  });
});
