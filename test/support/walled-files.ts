// A walled program's file system with nothing else of the wall around it: what a program sees and can write, by real bubblewrap.
import { spawn, spawnSync } from "node:child_process";
import { lchownSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FilesOptions, WalledFiles } from "../../src/wall/files/open-files.ts";
import { openFiles } from "../../src/wall/files/open-files.ts";
import { formatMounts } from "../../src/wall/files/mount.ts";
import { makeFolder } from "./temporary.ts";

export const canWall = process.platform === "linux" && spawnSync("bwrap", ["--unshare-user", "--ro-bind", "/", "/", "true"]).status === 0;
/** Nobody's, on a machine where the tests are root's. */
export const ORDINARY = process.geteuid?.() === 0 ? 4321 : (process.geteuid?.() ?? 0);

export interface Stage {
  readonly home: string;
  readonly project: string;
  readonly vault: string;
  readonly key: string;
  readonly runFolder: string;
}

/** A home with a project, a vault, a key and logins. What is told to be in a file stands in it as "secret NAME". */
export function makeStage(parent = makeFolder(0o755)): Stage {
  const home = join(parent, "home");
  const stage = { home, project: join(home, "work/project"), vault: join(home, ".local/share/vault"), key: join(home, ".config/vault/keys/kek.key"), runFolder: join(home, ".local/state/vault/run/run-1-a") };
  for (const name of [".bashrc", ".ssh/id_ed25519", ".aws/credentials", ".netrc", ".config/gh/hosts.yml", ".config/plain/settings", ".codex/auth.json", ".claude/.credentials.json", ".bash_history", "work/other/notes", ".local/share/vault/vault.json", ".config/vault/keys/kek.key", ".local/state/vault/run/run-2-b/secret", "work/project/readme"]) put(join(home, name), `secret ${name}`);
  put(join(home, ".claude.json"), '{"account":"me","mcpServers":{"good":{}},"projects":{"/p":{"mcpServers":{}}}}');
  put(join(stage.runFolder, "ca.pem"), "ca");
  return stage;
}

export function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The file system for a stage. Everything in the home belongs to the one who will be inside. */
export function openStage(stage: Stage, changes: Partial<FilesOptions> = {}): WalledFiles {
  return openFiles({
    home: stage.home, cwd: stage.project, uid: process.geteuid?.() ?? 0, command: "sh",
    vault: { folders: [stage.vault, dirname(dirname(stage.key)), join(stage.home, ".local/state/vault")], keyFiles: [stage.key] },
    shown: [stage.runFolder], writable: [], asked: [], replacements: [], cacheFolder: join(stage.home, ".cache"), temporary: "/tmp", path: "/usr/bin:/bin",
    openHomeFolder: () => { const folder = join(stage.home, ".local/state/vault/homes"); mkdirSync(folder, { recursive: true }); return folder; },
    ...changes,
  });
}

export interface Outcome {
  readonly status: number | null;
  readonly output: string;
  readonly trouble: string;
}

export interface Inside {
  /** Other than ours: everything in the stage's home becomes that user's before. */
  readonly uid?: number;
  readonly cwd?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** Runs a shell script in it. */
export function runInside(files: WalledFiles, stage: Stage, script: string, inside: Inside = {}): Outcome {
  const { args, options } = callFor(files, stage, script, inside);
  const result = spawnSync("bwrap", args, { encoding: "utf8", ...options });
  return { status: result.status, output: result.stdout, trouble: result.stderr };
}

/** The same, with something done outside when it has begun and before the script. */
export async function runInsideWhile(files: WalledFiles, stage: Stage, script: string, act: () => void): Promise<Outcome> {
  const { args, options } = callFor(files, stage, `echo; read go; ${script}`, {});
  const child = spawn("bwrap", args, options);
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.stdout.once("data", () => {
    act();
    child.stdin.end("go\n");
  });
  const status = await new Promise<number | null>((resolve) => { child.on("close", resolve); });
  return { status, output: Buffer.concat(parts).toString().slice(1), trouble: "" };
}

function callFor(files: WalledFiles, stage: Stage, script: string, { uid = process.geteuid?.() ?? 0, cwd = stage.project, variables = {} }: Inside): { args: string[]; options: { uid: number; gid: number; env: Record<string, string> } } {
  if (uid !== process.geteuid?.()) give(stage.home, uid);
  const [root, ...rest] = files.mounts;
  const args = [...formatMounts(root === undefined ? [] : [root]), "--proc", "/proc", "--dev", "/dev", ...formatMounts(rest), "--unshare-user", "--unshare-pid", "--uid", String(uid), "--gid", String(uid), "--cap-drop", "ALL", "--die-with-parent", "--chdir", cwd, "sh", "-c", script];
  return { args, options: { uid, gid: uid, env: { PATH: process.env["PATH"] ?? "", HOME: stage.home, LANG: "C", ...variables } } };
}

function give(path: string, uid: number): void {
  lchownSync(path, uid, uid);
  const stat = lstatSync(path);
  if (stat.isDirectory()) for (const name of readdirSync(path)) give(join(path, name), uid);
}
