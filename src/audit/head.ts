// The newest head of the main log, in a file of its own, so that lines that are cut off its end are missed.
import { join } from "node:path";
import { findText, utf8 } from "../bytes.ts";
import { readPrivateFile, replaceLosableFile } from "../disk/durable-file.ts";
import type { ChainHead } from "./entry.ts";
import { macOfText } from "./line-mac.ts";

/** `why` goes on from the file's name, as in "is missing". */
export type HeadRecord = { readonly kind: "known"; readonly head: ChainHead } | { readonly kind: "lost"; readonly why: string };

const BYTES_MAX = 4096;

export function headPath(folder: string): string {
  return join(folder, "head.json");
}

/**
 * The newest head that this machine has written. Whoever cannot write with the vault's key can put back an older one that he has kept, and make up none.
 *
 * @param key the main log's; undefined takes the file at its word.
 * @throws VaultError `io`, `unsafe-file`.
 */
export function readHead(folder: string, key: Uint8Array | undefined): HeadRecord {
  const bytes = readPrivateFile(headPath(folder), BYTES_MAX);
  if (bytes === undefined) return { kind: "lost", why: "is missing" };
  const found = parseHead(findText(bytes) ?? "");
  if (found === undefined) return { kind: "lost", why: "cannot be read" };
  const { macs, ...head } = found;
  return key === undefined || macs.includes(macOfHead(head, key)) ? { kind: "known", head } : { kind: "lost", why: "was not written with this vault's key" };
}

/** With a MAC by each key: one, and the next one's too while the vault key is being replaced. Not flushed: while the machine runs, there is always one; what a power cut takes is told by the log (`UNVOUCHED`). @throws VaultError `io`. */
export function writeHead(folder: string, { sequence, hash }: ChainHead, ...keys: readonly Uint8Array[]): void {
  const macs = keys.map((key) => macOfHead({ sequence, hash }, key));
  replaceLosableFile(headPath(folder), utf8(`${JSON.stringify({ sequence, hash, macs })}\n`));
}

function macOfHead({ sequence, hash }: ChainHead, key: Uint8Array): string {
  return macOfText(`vault/1 audit head ${JSON.stringify({ sequence, hash })}`, key);
}

function parseHead(text: string): (ChainHead & { readonly macs: readonly string[] }) | undefined {
  try {
    const { sequence, hash, macs } = JSON.parse(text) as Partial<Record<keyof ChainHead | "macs", unknown>>;
    if (typeof sequence !== "number" || typeof hash !== "string" || !Array.isArray(macs)) return undefined;
    return { sequence, hash, macs: macs.filter((mac: unknown) => typeof mac === "string") };
  } catch {
    return undefined;
  }
}
