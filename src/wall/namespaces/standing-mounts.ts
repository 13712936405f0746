// The program's space, looked at from outside while it waits for its start.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { findMisplaced } from "../files/mount-check.ts";
import type { Mount } from "../files/mount.ts";
import { parseMountInfo } from "../files/mount-points.ts";

const POLL_MS = 1;

/**
 * Waits until all mounts stand: they are made in their order, and the last one says so.
 *
 * @param first the first process of the space. @returns the path where something else is than was meant; undefined where there is none, or where the process has ended.
 */
export async function findMisplacedMount(first: number, mounts: readonly Mount[]): Promise<string | undefined> {
  const last = mounts.findLast((mount) => mount.kind === "nothing" || mount.kind === "empty" || mount.kind === "writable")?.path;
  for (;;) {
    // The text takes the kernel as long as a mount does, and keeps bubblewrap from its next one.
    while (isAtWork(first)) await sleep(POLL_MS);
    const text = readQuietly(`/proc/${first}/mountinfo`);
    if (text === "" || last === undefined) return undefined;
    const inside = parseMountInfo(text);
    if (inside.some(({ path }) => path === last)) return findMisplaced(mounts, parseMountInfo(readQuietly("/proc/self/mountinfo")), inside);
    await sleep(POLL_MS);
  }
}

/** Running, or held up by a disk: it has not come to where it waits for its start. */
function isAtWork(pid: number): boolean {
  return /\) [RD] [^)]*$/.test(readQuietly(`/proc/${pid}/stat`));
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
