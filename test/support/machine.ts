// What this machine lets a test do. A test that asks for more is skipped, by name.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

const isRoot = process.geteuid?.() === 0;

export const can = {
  /** Act as other users, and give files to them. */
  root: isRoot,
  mount: isRoot && process.platform === "linux" && canMount(),
  /** Make a wall: bubblewrap, and a kernel that lets it, an ordinary user as well. */
  wall: process.platform === "linux" && (isRoot ? [{}, { uid: 65_534, gid: 65_534 }] : [{}]).every(canWall),
  strace: process.platform === "linux" && succeeds("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:error=EIO:when=1", "true"),
} as const;
