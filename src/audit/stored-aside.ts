// A log that has lost its end in the store, put out of the way of the one that goes on from where the vault has seen it.
import { replaceSettled } from "../engines/settled-replace.ts";
import { removePack } from "./log-packs.ts";
import type { LogStore } from "./log-store.ts";
import { lineName, listLines } from "./log-store.ts";

/**
 * Renames the lines of the log: they stay in the store, under `aside/`. Cut off, it is done again.
 *
 * @throws VaultError `store-unavailable`.
 */
export async function putStoredAside(store: LogStore, now: Date): Promise<void> {
  const place = now.toISOString().toLowerCase().replace(/[^0-9tz]/g, "");
  for await (const page of listLines(store, 0)) {
    for (const { sequence } of page) {
      const name = lineName(store, sequence);
      const found = await store.engine.read(name);
      if (found.kind !== "bytes") continue;
      await replaceSettled(store.engine, name.replace(/^log\/([0-9a-f]+)\//, `aside/$1-${place}/`), found.bytes, undefined);
      await replaceSettled(store.engine, name, undefined, found.bytes);
      await removePack(store, sequence);
    }
  }
}
