// `vault lock` reaches running proxies through a file whose identity changes with each lock.
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { utf8 } from "../bytes.ts";
import { replaceFile } from "../disk/durable-file.ts";
import { ensurePrivateFolder } from "../disk/private-folder.ts";

/** Says that everything unlocked before this moment is locked. @throws VaultError `io`. */
export function changeLockMark(path: string): void {
  ensurePrivateFolder(dirname(path));
  replaceFile(path, utf8(`${randomBytes(16).toString("hex")}\n`));
}

/**
 * Watches for the next lock from now on. The question costs one stat(2), so it can be asked before each use of a secret; once true, it stays true.
 */
export function watchLockMark(path: string): () => boolean {
  const atStart = identify(path);
  let isChanged = false;
  return () => {
    isChanged ||= identify(path) !== atStart;
    return isChanged;
  };
}

function identify(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : `${stat.dev} ${stat.ino} ${stat.mtimeNs}`;
}
