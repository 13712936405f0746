// Without the wall, a program in a run is one of its user's, and can have from the system what that user can. Where this includes the vault's key, somebody who watches is told, once a day.
import { statSync, writeFileSync } from "node:fs";
import type { VaultPaths } from "../../paths.ts";
import type { OpenedVault } from "../keys/open-vault.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Where the key of an open vault is to be had by any program of this user; undefined for one that was in somebody's head just now. Pure. */
export function whereKeyIsReadable({ file, agent }: { readonly file: Pick<OpenedVault["file"], "contents">; readonly agent: unknown }): string | undefined {
  switch (file.contents.slot.locator.provider) {
    case "file":
      return "it is in a file";
    case "keyring":
      return "the keyring is open";
    case "env":
      return "it is in a variable";
    case "passphrase":
      return agent === undefined ? undefined : "the agent is unlocked";
  }
}

/** @returns the line, where there is something to say and it was not said within a day. A mark that cannot be written is no reason to fail: then it is said again. */
export function tellReadableKey(paths: Pick<VaultPaths, "toldMark">, vault: Parameters<typeof whereKeyIsReadable>[0], now: Date): string | undefined {
  const where = whereKeyIsReadable(vault);
  if (where === undefined || isFresh(paths.toldMark, now)) return undefined;
  try {
    writeFileSync(paths.toldMark, "", { mode: 0o600, flag: "w" });
  } catch {
    // The next run tries again.
  }
  return `a program that goes looking could read this vault's key (${where}); one behind the wall could not: vault run --sandbox. This is said once a day`;
}

function isFresh(path: string, now: Date): boolean {
  const age = now.getTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity);
  return age >= 0 && age < DAY_MS;
}
