// The vault as this machine knows it: by its anchor, and where that is gone, by the log beside it.
import type { ChainHead } from "../../audit/entry.ts";
import { closesLog, findEntry, hashLine, macOf } from "../../audit/entry.ts";
import type { HeadRecord } from "../../audit/head.ts";
import { readHead } from "../../audit/head.ts";
import { pullLog } from "../../audit/log.ts";
import { VaultError } from "../../errors.ts";
import { acceptHint } from "../../store/anchor.ts";
import type { StorePaths } from "../../store/vault-store.ts";
import { isRemembered, readVault } from "../../store/vault-store.ts";
import type { VaultContents, VaultFile } from "../../vault/vault-file.ts";
import type { LogPaths } from "./log-reading.ts";
import { findLogStore, readWholeLog } from "./log-reading.ts";

/** The event by which the owner puts a file in force that this machine did not know, or knew as an old one. */
export const ACCEPTED_VAULT = "vault.accept";

/** @returns undefined where there is no vault. @throws VaultError as `readVault`; `rolled-back` for a vault that no anchor knows, and that the log beside it does not know either. */
export async function readKnownVault({ paths }: { readonly paths: StorePaths & LogPaths }): Promise<VaultFile | undefined> {
  const file = await readVault(paths);
  if (file === undefined || isRemembered(paths)) return file;
  if (paths.engine === undefined) {
    await requireKnownToLog(paths, file.contents, undefined);
    return file;
  }
  const lines = await readWholeLog(paths, file.contents);
  // Other machines go on meanwhile: the log has what the first reading vouches for, and tells of no more than has come about by the second.
  const now = await readVault(paths);
  if (now !== undefined) requireKnownTo(lines, paths, { ...now.contents, audit: file.contents.audit }, undefined, UNDER_WAY);
  return now;
}

/** Another machine may be between the entry and the vault that it tells of, or was ended there. */
const UNDER_WAY = 1;

/**
 * A log tells how far its vault has come. Where there is none, nobody knows anything: a vault that was brought to this machine has none.
 *
 * @param logKey that of this vault's log; undefined takes the log at its word.
 * @param ahead how many generations the log may tell of that have not come about.
 * @throws VaultError `rolled-back`, `io`, `unsafe-file`; with a store, as `readWholeLog`.
 */
export async function requireKnownToLog(paths: LogPaths, contents: VaultContents, logKey: Uint8Array | undefined, ahead = paths.engine === undefined ? 0 : UNDER_WAY): Promise<void> {
  const store = logKey === undefined ? undefined : await findLogStore(paths, contents);
  // With the key, it is read from the store once: what follows has a copy.
  if (store !== undefined && logKey !== undefined) await pullLog(paths.auditFolder, store, { key: logKey, vouched: contents.audit });
  requireKnownTo(await readWholeLog(paths, contents), paths, contents, logKey, ahead);
}

function requireKnownTo(lines: readonly string[], { auditFolder }: LogPaths, contents: VaultContents, logKey: Uint8Array | undefined, ahead: number): void {
  const why = findDoubt(lines, readHead(auditFolder, logKey), contents, logKey, ahead);
  if (why !== undefined) throw new VaultError("rolled-back", `there is no rollback anchor, and the audit log says that this vault file is not the newest: ${why}`, `restore vault.json from a backup; ${acceptHint({ contents })}`);
}

/** Whether this is the log of that vault, as far as it has come. */
export function isLogOf(lines: readonly string[], { audit }: VaultContents, logKey: Uint8Array): boolean {
  const place = findPlace(lines, audit);
  return place !== undefined && isWrittenWith(lines, place, logKey);
}

function findDoubt(lines: readonly string[], seen: HeadRecord, { generation, audit }: VaultContents, logKey: Uint8Array | undefined, ahead: number): string | undefined {
  if (lines.length === 0) return findCut(seen, audit.sequence);
  const place = findPlace(lines, audit);
  if (place === undefined) return "it does not know the entry that the vault vouches for";
  if (logKey !== undefined && !isWrittenWith(lines, place, logKey)) return "it was not written with this vault's key";
  const later = lines.slice(place).map((line) => findEntry(line)?.event);
  const accepted = later.findLastIndex((event) => event?.kind === ACCEPTED_VAULT);
  const newest = Math.max(0, ...later.slice(accepted + 1).map((event) => (typeof event?.["generation"] === "number" ? event["generation"] : 0)));
  if (newest > generation + ahead) return `it tells of generation ${newest}, and this is ${generation}`;
  return findCut(seen, findEntry(lines.at(-1) ?? "")?.seq ?? 0);
}

function findCut(seen: HeadRecord, end: number): string | undefined {
  return seen.kind === "known" && seen.head.sequence > end ? `entries up to ${seen.head.sequence} were written, and they are gone` : undefined;
}

/** How many lines stand up to the entry that a vault vouches for; undefined where the log neither has it nor begins behind it. */
function findPlace(lines: readonly string[], { sequence, hash }: ChainHead): number | undefined {
  const first = findEntry(lines[0] ?? "");
  if (first?.seq === sequence + 1 && first.prev === hash) return 0;
  const at = lines.findIndex((line) => findEntry(line)?.seq === sequence);
  return at >= 0 && hashLine(lines[at] ?? "") === hash ? at + 1 : undefined;
}

/** Of the last line; where the vault vouches for one that closes a log, the next is not there yet. */
function isWrittenWith(lines: readonly string[], place: number, logKey: Uint8Array): boolean {
  const last = findEntry(lines.at(-1) ?? "");
  if (last === undefined) return false;
  return last.mac === macOf(last, logKey) || (place === lines.length && closesLog(last.event));
}
