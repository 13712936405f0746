// The program's space, looked at from outside while it waits for its start.
import { lstatSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Misplaced } from "../files/mount-check.ts";
import { findMisplaced } from "../files/mount-check.ts";
import type { Mount } from "../files/mount.ts";
import { parseMountInfo } from "../files/mount-points.ts";

/** Of these, the program may start in the first alone. */
export type Standing =
  | { readonly kind: "stands" }
  /** Something else is there than was meant, such as what a link leads to. */
  | { readonly kind: "exchanged"; readonly path: string }
  /** The disk is no longer what was looked at: something has appeared that is to be hidden, or what was mounted has gone. */
  | { readonly kind: "changed"; readonly path: string }
  /** The first process of the space has ended, or cannot be looked at. */
  | { readonly kind: "ended" };

const POLL_MS = 1;

/**
 * Waits until all mounts stand: they are made in their order, and the last one says so.
 *
 * @param first the first process of the space.
 */
export async function lookAtSpace(first: number, mounts: readonly Mount[]): Promise<Standing> {
  const last = mounts.findLast((mount) => mount.kind === "nothing" || mount.kind === "empty" || mount.kind === "writable")?.path;
  for (;;) {
    // The text takes the kernel as long as a mount does, and keeps bubblewrap from its next one.
    while (isAtWork(first)) await sleep(POLL_MS);
    const text = readQuietly(`/proc/${first}/mountinfo`);
    if (text === "") return { kind: "ended" };
    if (last === undefined) return { kind: "stands" };
    const inside = parseMountInfo(text);
    if (inside.some(({ path }) => path === last)) return judge(findMisplaced(mounts, parseMountInfo(readQuietly("/proc/self/mountinfo")), inside));
    await sleep(POLL_MS);
  }
}

/** Running, or held up by a disk: it has not come to where it waits for its start. */
function isAtWork(pid: number): boolean {
  return /\) [RD] [^)]*$/.test(readQuietly(`/proc/${pid}/stat`));
}

function judge(misplaced: Misplaced | undefined): Standing {
  if (misplaced === undefined) return { kind: "stands" };
  return { kind: misplaced.kind === "exchanged" && isThere(misplaced.source) ? "exchanged" : "changed", path: misplaced.path };
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
