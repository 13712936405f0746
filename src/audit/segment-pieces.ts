// The log of a run in a store: pieces of its file, each an entry that is named for where it begins, made only where there is none.
import { closeSync, fstatSync, readSync } from "node:fs";
import type { Engine } from "../engines/engine.ts";
import { replaceSettled } from "../engines/settled-replace.ts";
import { VaultError } from "../errors.ts";
import { openPart } from "./parts.ts";

const PIECE_BYTES_MAX = 512 * 1024;
const PAGE_ENTRIES = 100;

/** Such as `runs/0011223344556677/0000000000004096`. */
export function pieceName(runId: string, offset: number): string {
  return `runs/${runId}/${String(offset).padStart(16, "0")}`;
}

/**
 * Puts what a file has from an offset on into the store, piece after piece.
 *
 * @param path a run's log. @param from how much of it is there.
 * @returns how much is there now.
 * @throws VaultError `audit-broken` where the store has other bytes there; `store-unavailable`, `io`, `unsafe-file`.
 */
export async function pushPieces(engine: Engine, runId: string, path: string, from: number): Promise<number> {
  for (let offset = from; ; ) {
    const bytes = readPiece(path, offset);
    if (bytes.length === 0) return offset;
    const name = pieceName(runId, offset);
    if ((await replaceSettled(engine, name, bytes, undefined)) === "done") {
      offset += bytes.length;
      continue;
    }
    // One whose answer never came, and which had less to carry then.
    const found = await engine.read(name);
    const there = found.kind === "bytes" ? Buffer.from(found.bytes) : Buffer.alloc(0);
    if (there.length === 0 || there.length > bytes.length || !there.equals(bytes.subarray(0, there.length))) throw new VaultError("audit-broken", `the store ${engine.where} has another log of run ${runId} than this machine, from byte ${offset} on`, `whoever has the store's password can write there; once you know how it came there, remove it from the store: ${name}`);
    offset += there.length;
  }
}

/** The pieces of a run's log, one behind the other. @throws VaultError `audit-broken` for one that is missing between two; `store-unavailable`. */
export async function* readPieces(engine: Engine, runId: string): AsyncGenerator<Uint8Array> {
  const prefix = `runs/${runId}/`;
  let offset = 0;
  for (let after = ""; ; ) {
    const page = await engine.list(prefix, after, PAGE_ENTRIES);
    const last = page.at(-1);
    if (last === undefined) return;
    for (const { name, bytes } of page) {
      if (!/^\d{16}$/.test(name.slice(prefix.length))) continue;
      if (name !== pieceName(runId, offset)) throw new VaultError("audit-broken", `the log of run ${runId} in the store ${engine.where} has other pieces than one behind the other: ${name} where ${pieceName(runId, offset)} was due`, "compare with what other machines have of it, there: vault audit --verify");
      yield bytes;
      offset += bytes.length;
    }
    after = last.name;
  }
}

/** Whole lines from an offset on; none where there are none, or no file. */
function readPiece(path: string, offset: number): Buffer {
  const part = openPart(path);
  if (part === undefined) return Buffer.alloc(0);
  try {
    const size = Math.min(fstatSync(part.descriptor).size - offset, PIECE_BYTES_MAX);
    const bytes = Buffer.alloc(Math.max(0, size));
    const count = readSync(part.descriptor, bytes, 0, bytes.length, offset);
    return bytes.subarray(0, bytes.lastIndexOf(0x0a, count - 1) + 1);
  } finally {
    closeSync(part.descriptor);
  }
}
