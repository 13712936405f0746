// Copies of a vault, for tests that spoil one after another: its folder, and where it is on an engine, all that stands in its place there.
import { cpSync } from "node:fs";
import type { VaultPaths } from "../../src/paths.ts";
import type { Engine, Entry } from "../../src/engines/engine.ts";
import { readStoreFile, writeStoreFile } from "../../src/store/store-file.ts";
import type { EnginePlace } from "./engine-places.ts";
import { openPlace } from "./store-machines.ts";
import { freshPlace } from "./test-store.ts";

/** @param from what holds the vault's folder, or that folder itself; the vault's folder is as far below it as below the copy. @param vault its path there. */
export async function copyVault(from: string, to: string, vault = ""): Promise<void> {
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
  const folder = vault === "" ? to : `${to}/${vault}`;
  const file = readStoreFile(folder);
  const place = freshPlace();
  if (file === undefined || place === undefined) return;
  const target = await openPlace(place);
  await putEntries(target, await entriesAt({ ...place, url: file.store }));
  await target.close();
  writeStoreFile(folder, { ...file, store: place.url });
}

/** Everything at a place; nothing where there is no store. */
export async function entriesAt(place: EnginePlace | undefined): Promise<readonly Entry[]> {
  if (place === undefined) return [];
  const engine = await openPlace(place);
  const found: Entry[] = [];
  for (let page = await engine.list("", "", 1000); page.length > 0; page = await engine.list("", page.at(-1)?.name ?? "", 1000)) found.push(...page);
  await engine.close();
  return found;
}

/** Into a place where nothing is. */
export async function putEntries(engine: Engine, entries: readonly Entry[]): Promise<void> {
  for (const { name, bytes } of entries) {
    if ((await engine.replace(name, bytes, undefined)) !== "done") throw new Error(`the entry "${name}" is there already`);
  }
}

/** What a test opened by `paths` in its own process. */
export async function closeEngine({ engine }: Pick<VaultPaths, "engine">): Promise<void> {
  await (await engine?.())?.close();
}

/** For a folder in which a vault is about to be made: says on which store, where there is one. */
export function nameTestStore(folder: string): void {
  const place = freshPlace();
  if (place !== undefined) writeStoreFile(folder, { store: place.url, password: "variable" });
}
