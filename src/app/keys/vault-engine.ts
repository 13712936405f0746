// The engine that a vault is on, for those whose vault is on one: all others pay for one look.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../engines/engine.ts";
import { VaultError } from "../../errors.ts";
import type { OpenEngine } from "../../paths.ts";

/** In the vault's folder: on which engine the vault is. Without it, the vault is the file there. */
const STORE_FILE = "store.json";

/** Finds the engine of the vault in a folder. Nothing is opened before it is used, and then once. */
export function findEngine(dataFolder: string): OpenEngine | undefined {
  const path = join(dataFolder, STORE_FILE);
  if (!isThere(path)) return undefined;
  let opened: Promise<Engine> | undefined;
  return () => (opened ??= open(path));
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A folder that nobody may look into: whoever reads the vault says so.
    return false;
  }
}

function open(path: string): Promise<Engine> {
  return Promise.reject(new VaultError("store-unavailable", `"${path}" names a store, and this version knows none`));
}
