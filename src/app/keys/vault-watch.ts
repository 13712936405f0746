import { statSync } from "node:fs";

/** How old an answer may be: whoever changes the vault is heard of that much later, at the next use of a secret. */
const LOOK_MS = 100;

/** How long what was read of the vault counts for requests that are under way, whatever has become of it since. A body may be under way for hours. */
export const UNDER_WAY_MS = 1000;

/** What tells one state of the file from another. `isAnew`: looked at now, whenever that was done last. */
export type VaultLook = (isAnew?: boolean) => string;

/**
 * Watches a vault file for changes. It costs one stat(2) in `LOOK_MS` at most, and nothing while nobody asks. A program may put a file in the place of another and set its times back: it
 * cannot set back when that was done.
 */
export function watchVaultFile(path: string): VaultLook {
  let state = "";
  let seenMs = -Infinity;
  return (isAnew = false) => {
    const nowMs = performance.now();
    if (!isAnew && nowMs - seenMs < LOOK_MS) return state;
    seenMs = nowMs;
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    state = stat === undefined ? "none" : `${stat.dev} ${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs}`;
    return state;
  };
}
