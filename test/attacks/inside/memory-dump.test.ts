// The program cannot attach to its parent where the system forbids that to children (Yama), and makes it write its memory down instead: it lifts the limit on core dumps (prlimit(1) works on any process of the same user) and sends a
// signal that Node does not catch. The values stand in the dump. Run and agent have a hard limit, which a user cannot raise again; it is one byte, at which the kernel hands dumps to no program either.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { can } from "../../support/machine.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { VALUE } from "../../support/proxy-run.ts";

const hasPrograms = process.platform === "linux" && ["prlimit", "setpriv"].every((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0);
/** Root may raise every limit; somebody who is nobody may not. */
const [UID, GID] = can.root ? [65534, 65534] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const limitOf = (limits: string): string[] => (/^Max core file size.*$/m.exec(limits)?.[0] ?? "").split(/\s+/).slice(4, 6);

let built: BuiltVault;
let dumps: string;
beforeAll(() => {
  built = openBuiltVault("localhost:1", VALUE, "");
  dumps = join(built.folder, "dumps");
  mkdirSync(dumps);
  if (can.root) giveAll(built.folder);
});
afterAll(() => {
  vault("lock");
  built.close();
});

function giveAll(path: string): void {
  chownSync(path, UID, GID);
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) giveAll(join(path, name));
}

/** As a user without privileges, in a folder where a dump would be written. */
function vault(...args: readonly string[]): { readonly status: number | null; readonly signal: string | null; readonly out: string } {
  const command = [NODE, RUN_JS, ...args];
  const [program = "", ...words] = can.root ? ["setpriv", "--reuid", String(UID), "--regid", String(GID), "--clear-groups", "--inh-caps=-all", ...command] : command;
  const { status, signal, stdout, stderr } = spawnSync(program, words, { cwd: dumps, env: { PATH: process.env["PATH"] ?? "", HOME: built.folder, VAULT_DIR: join(built.folder, "vault") }, encoding: "utf8" });
  return { status, signal, out: stdout + stderr };
}

describe.runIf(hasPrograms)("(needs Linux, prlimit and setpriv) of a run", () => {
  it.each(["SEGV", "ABRT", "BUS", "TRAP", "SYS", "XCPU"])("there is no core dump on SIG%s, whatever its program does about the limit", (signal) => {
    const { out } = vault("run", "--", "sh", "-c", `prlimit --pid $PPID --core=unlimited:unlimited; prlimit --pid $PPID --core=1:unlimited; cat /proc/$PPID/limits; kill -${signal} $PPID; sleep 0.2`);
    expect(limitOf(out)).toEqual(["1", "1"]);
    expect(readdirSync(dumps)).toEqual([]);
  });

  it("goes on as ever with a limit that is lower already", () => {
    const { status, out } = vault("run", "--", "sh", "-c", `prlimit --pid $$ --core=0:0; VAULT_DIR='${join(built.folder, "vault")}' "${NODE}" "${RUN_JS}" run -- cat /proc/self/limits`);
    expect([status, limitOf(out)]).toEqual([0, ["0", "0"]]);
  });
});

describe.runIf(hasPrograms)("(needs Linux, prlimit and setpriv) of the agent", () => {
  it("there is none either, and it has no environment", () => {
    expect(vault("unlock")).toMatchObject({ status: 0 });
    const { source: { pid } } = JSON.parse(vault("status", "--json").out) as { source: { pid: number } };
    expect(limitOf(readFileSync(`/proc/${pid}/limits`, "utf8"))).toEqual(["1", "1"]);
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toBe("");
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toMatch(/^vault-agent/);
    vault("run", "--", "sh", "-c", `prlimit --pid ${pid} --core=unlimited:unlimited; kill -SEGV ${pid}; sleep 0.2`);
    expect(readdirSync(dumps)).toEqual([]);
  });
});
