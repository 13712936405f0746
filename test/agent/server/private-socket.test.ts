import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PrivateSocket } from "../../../src/agent/server/private-socket.ts";
import { listenPrivately } from "../../../src/agent/server/private-socket.ts";
import { isListening } from "../../../src/agent/wire/dial.ts";
import type { AgentPaths } from "../../../src/agent/wire/paths.ts";
import { makeFolder, pathsIn, removeFolder } from "../../support/agent-process.ts";
import { createServer } from "../../support/raw-sockets.ts";

let root: string;
let paths: AgentPaths;
let sockets: PrivateSocket[];

beforeEach(() => {
  root = makeFolder();
  paths = pathsIn(join(root, "run"));
  sockets = [];
});

afterEach(() => {
  for (const socket of sockets) socket.release();
  removeFolder(root);
});

async function listen(): Promise<PrivateSocket | undefined> {
  const socket = await listenPrivately(paths);
  if (socket !== undefined) sockets.push(socket);
  return socket;
}

const modeOf = (path: string): number => lstatSync(path).mode & 0o777;

describe("the agent's socket", () => {
  it("is the user's alone, whatever the umask, which it leaves as it was", async () => {
    const umask = process.umask(0);
    try {
      const socket = await listen();
      expect([modeOf(paths.folder), modeOf(paths.socket), modeOf(paths.token)]).toEqual([0o700, 0o600, 0o600]);
      expect(new Uint8Array(readFileSync(paths.token))).toEqual(socket?.token);
    } finally {
      expect(process.umask(umask)).toBe(0);
    }
  });

  it("goes with its token, and can be taken again", async () => {
    const first = await listen();
    first?.release();
    first?.release();
    expect(existsSync(paths.socket) || existsSync(paths.token)).toBe(false);
    expect(await isListening(paths.socket)).toBe(false);
    const second = await listen();
    expect(second?.token).not.toEqual(first?.token);
  });

  it("belongs to one of many that begin at once", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => listen()));
    expect(all.filter((socket) => socket !== undefined)).toHaveLength(1);
    expect(sockets[0]?.isReachable()).toBe(true);
  });

  it("replaces one that nobody listens at any more, and the token that was left with it", async () => {
    mkdirSync(paths.folder, { mode: 0o700 });
    const dead = createServer();
    await new Promise<void>((resolve) => { dead.listen(`${paths.socket}-`, resolve); });
    renameSync(`${paths.socket}-`, paths.socket);
    await new Promise<void>((resolve) => { dead.close(() => { resolve(); }); });
    writeFileSync(paths.token, "left over", { mode: 0o644 });
    expect(lstatSync(paths.socket).isSocket()).toBe(true);
    expect(await listen()).toBeDefined();
    expect(readFileSync(paths.token)).toHaveLength(32);
    expect(modeOf(paths.token)).toBe(0o600);
  });

  it("leaves a token that is a link alone, and what it leads to", async () => {
    mkdirSync(paths.folder, { mode: 0o700 });
    writeFileSync(join(root, "other"), "untouched");
    symlinkSync(join(root, "other"), paths.token);
    expect(await listen()).toBeDefined();
    expect(readFileSync(join(root, "other"), "utf8")).toBe("untouched");
    expect(lstatSync(paths.token).isFile()).toBe(true);
  });

  it.each(["file", "link"])("is not put in the place of a %s", async (kind) => {
    mkdirSync(paths.folder, { mode: 0o700 });
    if (kind === "file") writeFileSync(paths.socket, "mine");
    else symlinkSync(join(root, "nowhere"), paths.socket);
    await expect(listen()).rejects.toMatchObject({ code: "unsafe-file" });
    expect(lstatSync(paths.socket).isSocket()).toBe(false);
  });

  it.each([0o701, 0o750, 0o777])("is not made in a folder of mode %o", async (mode) => {
    mkdirSync(paths.folder);
    chmodSync(paths.folder, mode);
    await expect(listen()).rejects.toMatchObject({ code: "unsafe-file" });
    expect(existsSync(paths.socket)).toBe(false);
  });

  it("is not made in a folder that is a link", async () => {
    mkdirSync(join(root, "elsewhere"), { mode: 0o700 });
    symlinkSync(join(root, "elsewhere"), paths.folder);
    await expect(listen()).rejects.toMatchObject({ code: "unsafe-file" });
    expect(existsSync(join(root, "elsewhere", "agent.sock"))).toBe(false);
  });

  it("knows when it has lost its name or its token, and then takes nothing of its successor's along", async () => {
    const first = await listen();
    unlinkSync(paths.socket);
    expect(first?.isReachable()).toBe(false);
    const second = await listen();
    expect(second?.isReachable()).toBe(true);
    first?.release();
    expect(second?.isReachable()).toBe(true);
    expect(await isListening(paths.socket)).toBe(true);
    unlinkSync(paths.token);
    expect(second?.isReachable()).toBe(false);
  });
});
