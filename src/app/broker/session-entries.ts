// The sessions of brokers on one store, as the store has them: who keeps each, and what it is, sealed.
import { findText, utf8 } from "../../bytes.ts";
import type { Digest, Engine } from "../../engines/engine.ts";
import { digestOf } from "../../engines/engine.ts";
import { replaceSettled } from "../../engines/settled-replace.ts";
import { isRunId } from "../../audit/runs.ts";

/** An entry as it stands there, whoever has written it. */
export interface SessionEntry {
  readonly session: string;
  /** The broker to which the run holds its line: a hint, by which it is known who misses it. */
  readonly keeper: string;
  /** See session-seal.ts. */
  readonly sealed: string;
  readonly digest: Digest;
}

const PREFIX = "session/";
const PAGE_ENTRIES = 200;
const ATTEMPTS_MAX = 5;

/** @throws VaultError `store-unavailable`. */
export async function findSessionEntry(engine: Engine, session: string): Promise<SessionEntry | undefined> {
  const found = await engine.read(PREFIX + session);
  return found.kind === "bytes" ? parseEntry(session, found.bytes) : undefined;
}

/** @returns false where there is one of that name. @throws VaultError `store-unavailable`. */
export async function makeSessionEntry(engine: Engine, session: string, keeper: string, sealed: string): Promise<boolean> {
  return (await replaceSettled(engine, PREFIX + session, encodeEntry(keeper, sealed), undefined)) === "done";
}

/** @returns false where there is no such session any more. @throws VaultError `store-unavailable`. */
export async function keepSession(engine: Engine, session: string, keeper: string): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const entry = await findSessionEntry(engine, session);
    if (entry === undefined) return false;
    if (entry.keeper === keeper || (await engine.replace(PREFIX + session, encodeEntry(keeper, entry.sealed), entry.digest)) === "done") return true;
  }
  return true;
}

/** @param as removes it only in this state. @throws VaultError `store-unavailable`. */
export async function removeSession(engine: Engine, session: string, as?: Digest): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const digest = as ?? (await findSessionEntry(engine, session))?.digest;
    if (digest === undefined || (await engine.replace(PREFIX + session, undefined, digest)) === "done" || as !== undefined) return;
  }
}

/** @throws VaultError `store-unavailable`. */
export async function* listSessions(engine: Engine): AsyncGenerator<SessionEntry> {
  for (let after = ""; ; ) {
    const page = await engine.list(PREFIX, after, PAGE_ENTRIES);
    const last = page.at(-1);
    if (last === undefined) return;
    for (const { name, bytes } of page) {
      const entry = parseEntry(name.slice(PREFIX.length), bytes);
      if (entry !== undefined) yield entry;
    }
    after = last.name;
  }
}

function encodeEntry(keeper: string, sealed: string): Uint8Array {
  return utf8(`${keeper} ${sealed}\n`);
}

function parseEntry(session: string, bytes: Uint8Array): SessionEntry | undefined {
  // An entry that was removed may be one of no bytes.
  const [, keeper = "", sealed = ""] = /^([0-9a-f]+) ([A-Za-z0-9+/=]+)\n$/.exec(findText(bytes) ?? "") ?? [];
  return isRunId(keeper) && /^[0-9a-f]{32}$/.test(session) ? { session, keeper, sealed, digest: digestOf(bytes) } : undefined;
}
