// `vault lock` reaches running proxies through a file whose identity changes with each lock.
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { utf8 } from "../../bytes.ts";
import { replaceFile } from "../../disk/durable-file.ts";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";

/** Says that everything unlocked before this moment is locked. @throws VaultError `io`. */
export function changeLockMark(path: string): void {
  ensurePrivateFolder(dirname(path));
  replaceFile(path, utf8(`${randomBytes(16).toString("hex")}\n`));
}

/** How old an answer of a watch may be: whoever changes the mark waits that long, and knows that it is seen from then on. */
export const LOCK_SEEN_MS = 5;

/**
 * Watches for the next lock from now on. The question can be asked before each use of a secret: it costs one stat(2) in `LOCK_SEEN_MS` at most. Once true, it stays true.
 */
export function watchLockMark(path: string): () => boolean {
  const atStart = identify(path);
  let isChanged = false;
  let seenAt = -Infinity;
  return () => {
    const now = performance.now();
    if (isChanged || now - seenAt < LOCK_SEEN_MS) return isChanged;
    // Of the time before the look: the mark may change behind it.
    seenAt = now;
    isChanged = identify(path) !== atStart;
    return isChanged;
  };
}

function identify(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : `${stat.dev} ${stat.ino} ${stat.mtimeNs}`;
}
