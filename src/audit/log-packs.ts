// Lines of the log that stand in a store once more, many in one entry, so that a machine that joins need not ask for each. Which lines are in which pack is fixed, and a pack never changes: whoever writes its last line makes it.
import { findText, utf8 } from "../bytes.ts";
import { replaceSettled } from "../engines/settled-replace.ts";
import { VaultError } from "../errors.ts";
import { findEntry } from "./entry.ts";
import type { LogStore, StoredLine } from "./log-store.ts";
import { lineName } from "./log-store.ts";

/** Of lines; some 80 KiB. */
export const PACK_LINES = 256;
const PAGE_ENTRIES = 64;

/**
 * Makes the pack that a line is the last of; nothing for any other line, and where those before it are not at hand.
 *
 * @param read the log's lines up to that one.
 */
export async function putPack(store: LogStore, sequence: number, read: () => readonly string[]): Promise<void> {
  if (sequence % PACK_LINES !== 0) return;
  const lines = read().slice(-PACK_LINES);
  if (findEntry(lines[0] ?? "")?.seq !== sequence - PACK_LINES + 1) return;
  try {
    await replaceSettled(store.engine, packName(store, sequence), utf8(lines.join("\n")), undefined);
  } catch (error) {
    // Each line stands there by itself as well.
    if (!(error instanceof VaultError)) throw error;
  }
}

/** The packs that end behind a number, each as its lines, in their order; some may be missing between. @throws VaultError `store-unavailable`. */
export async function* listPacks(store: LogStore, after: number): AsyncGenerator<readonly StoredLine[]> {
  const prefix = packName(store, 0).slice(0, -16);
  for (let name = packName(store, after); ; ) {
    const page = await store.engine.list(prefix, name, PAGE_ENTRIES);
    const last = page.at(-1);
    if (last === undefined) return;
    for (const entry of page) yield unpack(Number(entry.name.slice(prefix.length)), entry.bytes);
    name = last.name;
  }
}

/** Nothing where there is none. @throws VaultError `store-unavailable`. */
export async function removePack(store: LogStore, sequence: number): Promise<void> {
  const found = sequence % PACK_LINES === 0 ? await store.engine.read(packName(store, sequence)) : undefined;
  if (found?.kind === "bytes") await replaceSettled(store.engine, packName(store, sequence), undefined, found.bytes);
}

function packName(store: Pick<LogStore, "vaultId">, sequence: number): string {
  return lineName(store, sequence).replace(/^log\//, "pack/");
}

/** No lines, where it is not what a pack is. */
function unpack(sequence: number, bytes: Uint8Array): StoredLine[] {
  const lines = (findText(bytes) ?? "").split("\n");
  if (lines.length !== PACK_LINES || !Number.isSafeInteger(sequence) || sequence % PACK_LINES !== 0) return [];
  return lines.map((line, index) => ({ sequence: sequence - PACK_LINES + 1 + index, line }));
}
