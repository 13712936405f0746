// The main log in a store that several machines reach: each line is an entry of its own, made only where there is none, so all machines write one chain.
import { encodeHex, findText, utf8 } from "../bytes.ts";
import type { Engine } from "../engines/engine.ts";
import { replaceSettled } from "../engines/settled-replace.ts";
import type { ChainHead } from "./entry.ts";
import { hashLine } from "./entry.ts";

export interface LogStore {
  readonly engine: Engine;
  /** Each vault has a log of its own. */
  readonly vaultId: Uint8Array;
}

/** An entry of the store, as it stands there: whoever has the store's password can have written it. */
export interface StoredLine {
  readonly sequence: number;
  /** Without its line end. */
  readonly line: string;
}

/** Most look for the few lines that others have written since. */
export const FIRST_PAGE_ENTRIES = 50;
const PAGE_ENTRIES = 1000;
const DIGITS = 16;

/** @returns whether it is there now, or another one is. @param line without its end. @throws VaultError `store-unavailable`. */
export function putLine(store: LogStore, sequence: number, line: string): Promise<"done" | "changed"> {
  return replaceSettled(store.engine, lineName(store, sequence), utf8(line), undefined);
}

/** The lines behind a number, in pages, to the last that was there when the last page was asked for. @throws VaultError `store-unavailable`. */
export async function* listLines(store: LogStore, after: number): AsyncGenerator<readonly StoredLine[]> {
  const prefix = lineName(store, 0).slice(0, -DIGITS);
  for (let name = after === 0 ? "" : lineName(store, after), most = FIRST_PAGE_ENTRIES; ; most = PAGE_ENTRIES) {
    const page = await store.engine.list(prefix, name, most);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.flatMap((entry) => parseStored(entry.name.slice(prefix.length), entry.bytes));
    name = last.name;
  }
}

/** Whether there is a line behind a number. @throws VaultError `store-unavailable`. */
export async function hasNewer(store: LogStore, after: number): Promise<boolean> {
  const prefix = lineName(store, 0).slice(0, -DIGITS);
  return (await store.engine.list(prefix, after === 0 ? "" : lineName(store, after), 1)).length > 0;
}

/** Whether the store has the entry that a vault vouches for. @throws VaultError `store-unavailable`. */
export async function hasEntry(store: LogStore, { sequence, hash }: ChainHead): Promise<boolean> {
  if (sequence === 0) return true;
  const found = await store.engine.read(lineName(store, sequence));
  return found.kind === "bytes" && hashLine(findText(found.bytes) ?? "") === hash;
}

/** Such as `log/0123…/0000000000000007`. */
export function lineName({ vaultId }: Pick<LogStore, "vaultId">, sequence: number): string {
  return `log/${encodeHex(vaultId)}/${String(sequence).padStart(DIGITS, "0")}`;
}

/** What has no number as its name is no line, and nobody's who writes here. */
function parseStored(number: string, bytes: Uint8Array): StoredLine[] {
  if (!/^\d{16}$/.test(number)) return [];
  // As one that is no entry it is named by whoever judges it.
  return [{ sequence: Number(number), line: findText(bytes) ?? "" }];
}
