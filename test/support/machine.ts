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

const isRoot = process.geteuid?.() === 0;

export const can = {
  /** Act as other users, and give files to them. */
  root: isRoot,
  mount: isRoot && process.platform === "linux" && canMount(),
  /** Make a wall: bubblewrap, and a kernel that lets it. */
  wall: process.platform === "linux" && succeeds("bwrap", "--unshare-user", "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "true"),
  strace: process.platform === "linux" && succeeds("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:error=EIO:when=1", "true"),
} as const;
