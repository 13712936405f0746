// Who is found, and who only says that he is there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { announce, findName, realmOf } from "../../../src/agent/presence/presence.ts";
import { awaitWithdrawal, findPresent, killAgents, parseTable } from "../../../src/agent/presence/roll-call.ts";
import { connect, createServer } from "../../support/raw-sockets.ts";
import { makeFolder } from "../../support/temporary.ts";

const TAG = "0123456789abcdef";
const REALM = [TAG, TAG] as const;
const nameOf = (pid: number): string => `vault/run/${pid}/1700000000000/${TAG}/${TAG}/00c0ffee`;
const row = (name: string, { flags = "00010000", inode = 4711 } = {}): string => `00000000c84f5188: 00000002 00000000 ${flags} 0001 01 ${String(inode).padStart(5)} @${name}`;

describe("a name", () => {
  it("tells whose it is, and since when, within its realm", () => {
    expect(findName(nameOf(12), REALM)).toEqual({ kind: "run", pid: 12, sinceMs: 1_700_000_000_000 });
    expect(findName(nameOf(12), ["f".repeat(16), "0".repeat(16)])).toBeUndefined();
  });

  it.each(["vault/run/0/1/a/b/c", nameOf(12).replace("run", "king"), `${nameOf(12)}0`, ` ${nameOf(12)}`, nameOf(12).replace("12", "-1"), ""])("is none of ours: %j", (name) => {
    expect(findName(name, REALM)).toBeUndefined();
  });
});

describe("a realm", () => {
  it("is the same by a link and without, whether the folder is there or not", () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    for (const below of ["", "/not/yet"]) expect(realmOf(join(folder, `link${below}`))[1]).toBe(realmOf(join(folder, `real${below}`))[1]);
    expect(realmOf(join(folder, "link"))[0]).not.toBe(realmOf(join(folder, "real"))[0]);
  });
});

describe("the table of sockets", () => {
  it("is read in both spellings of a name, and without the ends of connections", () => {
    const table = ["Num       RefCount Protocol Flags    Type St Inode Path", row(nameOf(7)), row(`${nameOf(8)}@@@@@@`, { inode: 8 }), row(nameOf(9), { flags: "00000000" }), row("/tmp/.X11-unix/X0"), "00000000c84f5188: 00000003 00000000 00000000 0001 03 22", ""].join("\n");
    expect(parseTable(table, REALM)).toMatchObject([{ pid: 7, inode: "4711" }, { pid: 8, inode: "8" }]);
  });

  it("has no row that somebody has written into a name", () => {
    const shortest = `\n${row(nameOf(1)).slice(8)}`;
    expect(shortest.length).toBeGreaterThan(107);
    expect(parseTable(`\n0: 0 0 10000 1 1 4711 @${nameOf(1)}`, REALM)).toEqual([]);
    expect(parseTable(row(nameOf(1)), REALM)).toHaveLength(1);
  });
});

describe.runIf(process.platform === "linux")("(needs Linux) who announces himself", () => {
  it("is found until he withdraws", async () => {
    const realm = realmOf(makeFolder());
    const presence = announce("run", realm);
    const found = findPresent("run", realm);
    expect(found).toMatchObject([{ kind: "run", pid: process.pid }]);
    expect(findPresent("agent", realm)).toEqual([]);
    expect(await awaitWithdrawal(found, 0)).toEqual(found);
    presence.withdraw();
    presence.withdraw();
    expect([findPresent("run", realm), await awaitWithdrawal(found, 0)]).toEqual([[], []]);
  });

  it("is not found by a name that another process holds", async () => {
    const realm = realmOf(makeFolder());
    const other = spawn("sleep", ["60"], { stdio: "ignore" });
    await once(other, "spawn");
    const invented = createServer().listen({ path: `\0vault/run/${other.pid ?? 0}/1700000000000/${realm[0]}/${realm[1]}/00c0ffee` });
    expect(findPresent("run", realm)).toEqual([]);
    invented.close();
    other.kill("SIGKILL");
  });

  it("and is not an agent by what it calls its socket, is not killed", () => {
    const realm = realmOf(makeFolder());
    const presence = announce("agent", realm);
    const found = findPresent("agent", realm);
    expect(found).toHaveLength(1);
    killAgents(found);
    expect(findPresent("agent", realm)).toEqual(found);
    presence.withdraw();
  });

  it("says nothing to whoever knocks", async () => {
    const realm = realmOf(makeFolder());
    const presence = announce("run", realm);
    const name = new RegExp(`@(vault/run/${process.pid}/[0-9]+/${realm[0]}[^@\n]*)`).exec(readFileSync("/proc/net/unix", "latin1"))?.[1] ?? "";
    const socket = connect({ path: `\0${name}` });
    let heard = 0;
    socket.on("data", ({ length }: Buffer) => (heard += length)).on("error", () => undefined);
    await once(socket, "close");
    expect(heard).toBe(0);
    presence.withdraw();
  });
});
