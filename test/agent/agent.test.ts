// Agents as processes of their own.
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentClient } from "../../src/agent/client/client.ts";
import { connectAgent } from "../../src/agent/client/connect.ts";
import { openLaunch } from "../../src/agent/spawn.ts";
import { encodeStart } from "../../src/agent/start.ts";
import { encodeFrame } from "../../src/agent/wire/frame.ts";
import type { AgentPaths } from "../../src/agent/wire/paths.ts";
import { asDek } from "../../src/vault/key-bytes.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import type { LaunchedAgent } from "../support/agent-process.ts";
import { drawKek, grantFor, isAlive, launchAgent, makeFolder, pathsIn, removeFolder, useBundledAgent } from "../support/agent-process.ts";
import { connect } from "../support/raw-sockets.ts";

const vaultId = new Uint8Array(randomBytes(16));
const kek = drawKek();
const hash = new Uint8Array(randomBytes(32));
const LIMITS = { ttlMs: 60_000, idleMs: 60_000 };

const bundle = useBundledAgent();
let root: string;
let paths: AgentPaths;
let clients: AgentClient[];
let pids: number[];

beforeEach(() => {
  root = makeFolder();
  paths = pathsIn(join(root, "run"));
  clients = [];
  pids = [];
});

afterEach(() => {
  for (const client of clients) client.close();
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  removeFolder(root);
});

async function launch(limits: { ttlMs?: number; idleMs?: number } = {}): Promise<LaunchedAgent> {
  const agent = await launchAgent(bundle.script, paths, grantFor(kek, vaultId, limits));
  pids.push(agent.pid);
  return agent;
}

async function connected(): Promise<AgentClient> {
  const client = await connectAgent(paths);
  if (client === undefined) throw new Error("no agent");
  clients.push(client);
  return client;
}

async function start(): Promise<AgentClient> {
  await openLaunch(paths, bundle.script).start({ kek, vaultId, ...LIMITS });
  const client = await connected();
  pids.push((await client.status()).pid);
  return client;
}

const nothingLeft = (): boolean => !existsSync(paths.socket) && !existsSync(paths.token);

describe("an agent", () => {
  it("does for others what the key's holder does", async () => {
    const client = await start();
    const local = holdKek(kek, vaultId);
    expect([client.vaultId, client.keyId, client.commitment]).toEqual([vaultId, local.keyId, local.commitment]);
    expect(await client.authenticate(hash)).toEqual(await local.authenticate(hash));
    const items = Array.from({ length: 3 }, (_, index) => ({ dek: asDek(new Uint8Array(randomBytes(32))), aad: new Uint8Array([index]) }));
    const wrapped = (await client.wrapDeks(items)).map((dek, index) => ({ wrapped: dek, aad: new Uint8Array([index]) }));
    expect(await local.unwrapDeks(wrapped)).toEqual(items.map(({ dek }) => dek));
    expect(await client.unwrapDeks(wrapped)).toEqual(items.map(({ dek }) => dek));
    expect(await client.unwrapDeks([])).toEqual([]);
    await expect(client.unwrapDeks(wrapped.map(({ wrapped: dek }) => ({ wrapped: dek, aad: hash })))).rejects.toMatchObject({ code: "bad-wrap" });
    expect(await client.status()).toMatchObject({ idleMs: 60_000 });
  });

  it("does work beyond what fits into one frame, for many at once", async () => {
    const client = await start();
    const items = Array.from({ length: 4500 }, () => ({ dek: asDek(new Uint8Array(randomBytes(32))), aad: new Uint8Array(1000) }));
    const [wrapped, mac] = await Promise.all([client.wrapDeks(items), client.authenticate(hash)]);
    expect(mac).toHaveLength(32);
    const deks = await client.unwrapDeks(wrapped.map((dek) => ({ wrapped: dek, aad: new Uint8Array(1000) })));
    expect(deks).toEqual(items.map(({ dek }) => dek));
  });

  it("tells whoever has stayed connected that its time is over, and says nothing before any other end", async () => {
    await launch({ ttlMs: 1500 });
    const expired = (await connected()).tie();
    const left = (await connected()).tie();
    left.close();
    expect(await left.ended).toBe("gone");
    expect(await expired.ended).toBe("expired");
    await start();
    const locked = (await connected()).tie();
    await (await connected()).lock();
    expect(await locked.ended).toBe("gone");
    const killed = await launch();
    const lost = (await connected()).tie();
    process.kill(killed.pid, "SIGKILL");
    expect(await lost.ended).toBe("gone");
  });

  it("keeps its folder, socket and token to its user", async () => {
    await start();
    expect([paths.folder, paths.socket, paths.token].map((path) => lstatSync(path).mode & 0o777)).toEqual([0o700, 0o600, 0o600]);
  });

  it("outlives its starter's streams and inherits nothing", async () => {
    process.env["VAULT_PASSPHRASE"] = "a passphrase that must not be inherited";
    try {
      const { pid } = await (await start()).status();
      if (process.platform !== "linux") return;
      expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toBe("");
      expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toMatch(/^vault-agent/);
      expect(execFileSync("readlink", [`/proc/${pid}/cwd`], { encoding: "utf8" })).toBe("/\n");
    } finally {
      delete process.env["VAULT_PASSPHRASE"];
    }
  });

  it("is none where there is none, and says why where it cannot be", async () => {
    expect(await connectAgent(paths)).toBeUndefined();
    await expect(openLaunch(paths, new URL("file:///nowhere/agent.js")).start({ kek, vaultId, ...LIMITS })).rejects.toMatchObject({ code: "io" });
    execFileSync("mkdir", ["-m", "755", paths.folder]);
    await expect(openLaunch(paths, bundle.script).start({ kek, vaultId, ...LIMITS })).rejects.toMatchObject({ code: "unsafe-file", hint: `chmod 700 "${paths.folder}"` });
  });
});

describe("an agent without a proper start", () => {
  const PROPER = (): Uint8Array => encodeFrame(encodeStart({ paths, grant: grantFor(kek, vaultId), storeLogin: "" }));

  it.each<[string, string[], () => Uint8Array]>([
    ["an empty stdin", [], () => new Uint8Array()],
    ["half an order", [], () => PROPER().slice(0, 90)],
    ["something else", [], () => new TextEncoder().encode("start, please\n")],
    ["an inspector that is open already", ["--inspect=127.0.0.1:0"], PROPER],
  ])("with %s ends at once and leaves nothing", (_, options, order) => {
    const { status, stdout } = spawnSync(process.execPath, [...options, fileURLToPath(bundle.script)], { input: order(), env: {}, timeout: 20_000 });
    expect([status, stdout.length]).toEqual([1, 0]);
    expect(nothingLeft()).toBe(true);
  });

  it("refuses a key that is not the one it is told of", async () => {
    const agent = await launchAgent(bundle.script, paths, { ...grantFor(kek, vaultId), kek: drawKek() });
    expect(agent.reply).toMatchObject({ kind: "failed", code: "wrong-key" });
    expect(await agent.exited).toEqual({ status: 1, signal: null });
    expect(nothingLeft()).toBe(true);
  });
});

describe("agents that start at once", () => {
  it("are one in the end", async () => {
    const agents = await Promise.all(Array.from({ length: 5 }, () => launch()));
    expect(agents.map(({ reply }) => reply?.kind).sort()).toEqual(["ready", "taken", "taken", "taken", "taken"]);
    const winner = agents.find(({ reply }) => reply?.kind === "ready");
    expect((await (await connected()).status()).pid).toBe(winner?.pid);
    for (const loser of agents.filter((agent) => agent !== winner)) expect(await loser.exited).toEqual({ status: 0, signal: null });
  });

  it("are one when the last was killed, and the others feed it their key", async () => {
    const first = await launch();
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    expect(lstatSync(paths.socket).isSocket()).toBe(true);
    expect(await connectAgent(paths)).toBeUndefined();
    await Promise.all([1, 2, 3].map(() => openLaunch(paths, bundle.script).start({ kek, vaultId, ...LIMITS })));
    const client = await connected();
    pids.push((await client.status()).pid);
    expect(await client.authenticate(hash)).toEqual(await holdKek(kek, vaultId).authenticate(hash));
  });
});

describe("an agent's end", () => {
  it.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const)("by %s leaves nothing", async (signal) => {
    const agent = await launch();
    const client = await connected();
    process.kill(agent.pid, signal);
    expect(await agent.exited).toEqual({ status: 0, signal: null });
    expect(nothingLeft()).toBe(true);
    await expect(client.authenticate(hash)).rejects.toMatchObject({ code: "locked", hint: "vault unlock" });
  });

  it("comes with the absolute limit, in spite of use", async () => {
    const agent = await launch({ ttlMs: 1200 });
    const client = await connected();
    await expect((async () => { for (;;) { await client.authenticate(hash); await sleep(50); } })()).rejects.toMatchObject({ code: "locked" });
    expect(await agent.exited).toEqual({ status: 0, signal: null });
    expect(nothingLeft()).toBe(true);
  });

  it("comes when nobody uses it, but not before", async () => {
    const agent = await launch({ idleMs: 1200 });
    const client = await connected();
    for (let i = 0; i < 8; i += 1) {
      await client.authenticate(hash);
      await sleep(250);
    }
    expect(isAlive(agent.pid)).toBe(true);
    await expect((async () => { for (;;) { await client.status(); await sleep(50); } })()).rejects.toMatchObject({ code: "locked" });
    expect(await agent.exited).toEqual({ status: 0, signal: null });
    expect(nothingLeft()).toBe(true);
  });

  it("is complete when lock returns", async () => {
    const agent = await launch();
    const [client, other] = [await connected(), await connected()];
    await client.lock();
    expect(nothingLeft()).toBe(true);
    expect(await connectAgent(paths)).toBeUndefined();
    await expect(other.authenticate(hash)).rejects.toMatchObject({ code: "locked" });
    await expect(client.authenticate(hash)).rejects.toMatchObject({ code: "locked" });
    expect(await agent.exited).toEqual({ status: 0, signal: null });
    // Locking what is locked already is fine.
    await other.lock();
  });

  it("in the middle of a request is told as locked", async () => {
    const agent = await launch();
    const client = await connected();
    const asked = client.unlock({ ...grantFor(kek, vaultId), kek: drawKek() });
    setTimeout(() => { process.kill(agent.pid, "SIGKILL"); }, 60);
    await expect(asked).rejects.toMatchObject({ code: "locked" });
  });

  it.each(["socket", "token"] as const)("comes when its %s is gone, since nobody can reach it any more", async (name) => {
    const agent = await launch();
    unlinkSync(paths[name]);
    expect(await agent.exited).toEqual({ status: 0, signal: null });
    expect(nothingLeft()).toBe(true);
  });

  it("is not taken for granted where it does not answer", async () => {
    const agent = await launch();
    const client = await connected();
    process.kill(agent.pid, "SIGSTOP");
    await expect(connectAgent(paths)).rejects.toMatchObject({ code: "busy" });
    expect((await launch()).reply).toEqual({ kind: "taken" });
    process.kill(agent.pid, "SIGCONT");
    expect(await client.authenticate(hash)).toHaveLength(32);
  });
});

describe("unlocking a running agent", () => {
  it("puts another key in the place of the first, for those who knew that one as well", async () => {
    const [client, stale] = [await start(), await connected()];
    const next = drawKek();
    const otherId = new Uint8Array(randomBytes(16));
    await client.unlock(grantFor(next, otherId, { ttlMs: 30_000 }));
    expect(client.vaultId).toEqual(otherId);
    expect(await client.authenticate(hash)).toEqual(await holdKek(next, otherId).authenticate(hash));
    expect((await client.status()).ttlLeftMs).toBeLessThanOrEqual(30_000);
    await expect(stale.authenticate(hash)).rejects.toMatchObject({ code: "locked" });
    expect(await (await connected()).authenticate(hash)).toEqual(await client.authenticate(hash));
  });

  it("keeps what it remembers of the log with the same vault's key, and nothing of another vault's", async () => {
    const client = await start();
    const head = { part: "log", sequence: 7, hash: Buffer.from(hash).toString("base64") };
    await client.remember([head]);
    await client.unlock(grantFor(drawKek(), vaultId));
    expect(await client.recall(["log"])).toEqual([head]);
    await client.unlock(grantFor(drawKek(), new Uint8Array(randomBytes(16))));
    expect(await client.recall(["log"])).toEqual([]);
  });

  it("with a wrong key changes nothing and takes longer each time, however many ask at once", async () => {
    const client = await start();
    const others = [await connected(), await connected()];
    const begun = performance.now();
    const results = await Promise.allSettled([client, ...others].map((one) => one.unlock({ ...grantFor(kek, vaultId, { ttlMs: 1 }), kek: drawKek() })));
    expect(results.map((result) => (result.status === "rejected" ? (result.reason as { code: string }).code : "fulfilled"))).toEqual(["wrong-key", "wrong-key", "wrong-key"]);
    expect(performance.now() - begun).toBeGreaterThan(250 + 500 + 1000 - 20);
    expect(await client.authenticate(hash)).toEqual(await holdKek(kek, vaultId).authenticate(hash));
    expect((await client.status()).ttlLeftMs).toBeGreaterThan(30_000);
  });

  it("with shorter limits ends it by those", async () => {
    const agent = await launch();
    await (await connected()).unlock(grantFor(kek, vaultId, { ttlMs: 300 }));
    expect(await agent.exited).toEqual({ status: 0, signal: null });
  });
});

describe("SIGUSR1", () => {
  const isInspectorOpen = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port: 9229 });
      socket.once("connect", () => { socket.destroy(); resolve(true); });
      socket.once("error", () => { resolve(false); });
    });

  it("opens no inspector", async () => {
    const wasOpen = await isInspectorOpen();
    const agent = await launch();
    for (let i = 0; i < 3; i += 1) process.kill(agent.pid, "SIGUSR1");
    await sleep(300);
    expect(await isInspectorOpen()).toBe(wasOpen);
    expect(await (await connected()).authenticate(hash)).toHaveLength(32);
  });
});
