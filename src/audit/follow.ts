// Reads the main audit log as it grows, across its parts.
import { closeSync, fstatSync, statSync, watch } from "node:fs";
import { readWhole } from "../disk/bounded-file.ts";
import type { OpenPart } from "./parts.ts";
import { listParts, newestPart, openPart } from "./parts.ts";

/** Watching misses changes on some file systems, and a folder that is made later. A look costs a few stat(2). */
const POLL_MS = 500;

interface FollowedPart extends OpenPart {
  /** Behind the last whole line that was read. */
  offset: number;
}

/**
 * The lines of the log, in batches: first all that there are, then what is appended, as soon as it is. Reading takes no lock.
 * A log that was moved away is followed to its end; then the new one is, from its start.
 *
 * @param signal ends the iteration.
 * @throws VaultError `unsafe-file` for a part that is a link, another user's or open to others; `io`.
 */
export async function* followLog(folder: string, signal: AbortSignal): AsyncGenerator<string[]> {
  const changes = watchFolder(folder);
  const follower = new LogFollower(folder);
  try {
    while (!signal.aborted) {
      const lines = follower.readOn();
      if (lines.length > 0) yield lines;
      else await changes.next(signal);
    }
  } finally {
    follower.close();
    changes.close();
  }
}

/** Where the reading stands: what it costs to go on does not depend on how much there is. Whoever opens one closes it. */
export class LogFollower {
  readonly #folder: string;
  #part: FollowedPart | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The whole lines that were not read yet; none where there are none. */
  readOn(): string[] {
    const lines: string[] = [];
    this.#part ??= openNext(this.#folder, undefined);
    while (this.#part !== undefined) {
      // Asked before reading: nothing is appended to a part once it has lost its name, so what is read then is all of it.
      const isNewest = identityOf(newestPart(this.#folder)) === this.#part.identity;
      lines.push(...readWholeLines(this.#part));
      const next = isNewest ? undefined : openNext(this.#folder, this.#part.identity);
      if (next === undefined) break;
      closeSync(this.#part.descriptor);
      this.#part = next;
    }
    return lines;
  }

  close(): void {
    if (this.#part !== undefined) closeSync(this.#part.descriptor);
    this.#part = undefined;
  }
}

/** The part behind the one given, or the first where that one is not there (any more). */
function openNext(folder: string, identity: string | undefined): FollowedPart | undefined {
  const parts = listParts(folder);
  const index = parts.findIndex((path) => identityOf(path) === identity);
  const path = parts[identity === undefined ? 0 : index + 1];
  const expected = path === undefined ? undefined : identityOf(path);
  if (path === undefined || expected === undefined) return undefined;
  const part = openPart(path);
  if (part?.identity === expected) return { ...part, offset: 0 };
  // It was put away between the two looks; the next call finds it under its new name.
  if (part !== undefined) closeSync(part.descriptor);
  return undefined;
}

/** Leaves a line without its end for the next time. An append that failed is cut off again, so the part may have become shorter. */
function readWholeLines(part: FollowedPart): string[] {
  const { size } = fstatSync(part.descriptor);
  part.offset = Math.min(part.offset, size);
  const bytes = Buffer.from(readWhole(part.descriptor, size - part.offset, part.offset));
  const end = bytes.lastIndexOf(0x0a) + 1;
  part.offset += end;
  return end === 0 ? [] : bytes.subarray(0, end - 1).toString("utf8").split("\n");
}

/** An open file's number is given to no other file. */
function identityOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev} ${stat.ino}`;
}

/** Tells of changes in a folder, or of the end of half a second. */
function watchFolder(folder: string): { next(signal: AbortSignal): Promise<void>; close(): void } {
  let wake: () => void = () => undefined;
  let hasChanged = false;
  const onChange = (): void => { hasChanged = true; wake(); };
  const watcher = openWatcher(folder, onChange);
  return {
    async next(signal) {
      if (!hasChanged && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, POLL_MS);
          wake = () => { clearTimeout(timer); resolve(); };
          signal.addEventListener("abort", wake, { once: true });
        });
        signal.removeEventListener("abort", wake);
      }
      hasChanged = false;
    },
    close() {
      watcher?.close();
    },
  };
}

/** A folder that cannot be watched (it is not there, or the user has used up all watches) is looked at now and then. */
function openWatcher(folder: string, onChange: () => void): ReturnType<typeof watch> | undefined {
  try {
    return watch(folder, { persistent: false }, onChange).on("error", () => undefined);
  } catch {
    return undefined;
  }
}
