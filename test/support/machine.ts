// What this machine lets a test do. A test that asks for more is skipped, by name.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { knownOnce } from "./made-once.ts";

function succeeds(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "vault-mount-"));
  try {
    return succeeds("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder) && succeeds("umount", folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function canWall(user: { readonly uid?: number; readonly gid?: number }): boolean {
  const words = ["--unshare-user", "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", process.execPath, "-e", ""];
  return spawnSync("bwrap", words, { ...user, cwd: "/", stdio: "ignore" }).status === 0;
}

/** Words before those of a program that is refused ports below 1024 in every namespace. By text: others may not be allowed to read this folder. */
export const WITHOUT_LOW_PORTS = [existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3", "-c", readFileSync(fileURLToPath(new URL("without-low-ports.py", import.meta.url)), "utf8")];

const isRoot = process.geteuid?.() === 0;
const isLinux = process.platform === "linux";

/** Each is found out when it is first asked for, once in a run of the tests: it takes processes. */
export const can = {
  /** Act as other users, and give files to them. */
  root: isRoot,
  get mount() {
    return isRoot && isLinux && knownOnce("can-mount", canMount);
  },
  /** Make a wall: bubblewrap, and a kernel that lets it, an ordinary user as well. */
  get wall() {
    return isLinux && knownOnce("can-wall", () => (isRoot ? [{}, { uid: 65_534, gid: 65_534 }] : [{}]).every(canWall));
  },
  get refusePorts() {
    return isLinux && knownOnce("can-refuse-ports", () => succeeds(WITHOUT_LOW_PORTS[0] ?? "", ...WITHOUT_LOW_PORTS.slice(1), "true"));
  },
  get strace() {
    return isLinux && knownOnce("can-strace", () => succeeds("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:error=EIO:when=1", "true"));
  },
} as const;
