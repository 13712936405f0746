// Keeps up with what a vault's log says of identities, while a broker serves it.
import { statSync } from "node:fs";
import type { ChainHead } from "../../audit/entry.ts";
import { findEntry, partKey } from "../../audit/entry.ts";
import { LogFollower } from "../../audit/follow.ts";
import { readHead } from "../../audit/head.ts";
import { newestPart } from "../../audit/parts.ts";
import { verifyChain, verifyLog } from "../../audit/verify.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import type { AcceptedIdentities } from "./acceptance-log.ts";
import { followAcceptances } from "./acceptance-log.ts";
import type { Admission } from "./admission.ts";
import type { LoggedSession, SessionLog } from "./session-log.ts";
import { openSessionLog } from "./session-log.ts";

/** How old an answer may be: a revocation is heard of that much later. */
const LOOK_MS = 100;

/** All that the log says. @throws VaultError `audit-broken` for one that was changed or cut; `io`, `unsafe-file`. */
export function readAcceptances({ paths }: Pick<Surroundings, "paths">, vault: Pick<OpenedVault, "file" | "keys">): AcceptedIdentities {
  const reader = openReader(paths.auditFolder, vault);
  try {
    return reader.read();
  } finally {
    reader.close();
  }
}

export interface FollowedAcceptances {
  /**
   * Asked at each use: it costs one stat(2) in a tenth of a second at most, and what is new of the log.
   *
   * @returns undefined for an identity that is not accepted, and for all of them where the log was changed or cut: then nobody knows.
   */
  readonly find: (did: DidKey) => Admission | undefined;
  /** False where the log was changed or cut: then nobody is accepted, and of no session it is known whether there is one. */
  readonly isWhole: () => boolean;
  /** Looks at once, so that the next answer is of now. */
  readonly look: () => void;
  /** Likewise, of sessions. @param isAnew looks at once. */
  readonly findSession: (session: string, isAnew?: boolean) => LoggedSession | undefined;
  /** None where the log was changed or cut. */
  readonly sessions: () => readonly LoggedSession[];
  /** How many lines of the log are known here. */
  readonly length: () => number;
  close(): void;
}

/** @throws VaultError as `readAcceptances`. */
export function followAcceptancesOf({ paths, warn }: Pick<Surroundings, "paths" | "warn">, vault: Pick<OpenedVault, "file" | "keys">): FollowedAcceptances {
  const reader = openReader(paths.auditFolder, vault);
  let known: AcceptedIdentities | undefined = reader.read();
  let state = stateOf(paths.auditFolder);
  let seenMs = performance.now();
  const look = (isAnew: boolean): void => {
    const nowMs = performance.now();
    if (nowMs - seenMs < LOOK_MS && !isAnew) return;
    seenMs = nowMs;
    const next = stateOf(paths.auditFolder);
    if (next === state) return;
    state = next;
    try {
      known = reader.read();
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      known = undefined;
      warn(`no identity is accepted any more: ${error.message}`);
    }
  };
  return {
    find(did) {
      look(false);
      return known?.get(did);
    },
    isWhole: () => known !== undefined,
    look() {
      look(true);
    },
    findSession(session, isAnew = false) {
      look(isAnew);
      return known === undefined ? undefined : reader.sessions().find(session);
    },
    sessions() {
      look(false);
      return known === undefined ? [] : [...reader.sessions().all()];
    },
    length: () => reader.length(),
    close: () => { reader.close(); },
  };
}

/** Verifies what is new of a log, and remembers what it said. */
function openReader(folder: string, { file, keys }: Pick<OpenedVault, "file" | "keys">): LogReader {
  const key = partKey(keys.audit, { kind: "log" });
  /** As far as it was verified: a log that does not come that far again is an older one. */
  let furthest: ChainHead = file.contents.audit;
  let follower = new LogFollower(folder);
  let known: AcceptedIdentities = new Map();
  let sessions = openSessionLog();
  let head: ChainHead | undefined;
  /** From its beginning, for a log that was mended. */
  const startOver = (): void => {
    follower.close();
    follower = new LogFollower(folder);
    known = new Map();
    sessions = openSessionLog();
    head = undefined;
  };
  return {
    read() {
      // Before the lines: another process may append between the two, and a head that is ahead of the lines looks like a log that was cut.
      const seen = readHead(folder, key);
      const lines = follower.readOn();
      const heads = [furthest, ...(seen.kind === "known" ? [seen.head] : [])];
      const from = head;
      const verdict = from === undefined ? verifyLog(lines, heads, key) : verifyChain(lines, from, heads.filter(({ sequence }) => sequence > from.sequence), key);
      if (verdict.kind === "broken") {
        startOver();
        throw new VaultError("audit-broken", `the audit log, which says who was accepted, is not whole: ${verdict.bad.why}`, "to see the first bad entry: vault audit --verify");
      }
      known = followAcceptances(known, lines.flatMap((line) => findEntry(line) ?? []));
      sessions.hear(lines);
      head = furthest = verdict.head;
      return known;
    },
    sessions: () => sessions,
    length: () => head?.sequence ?? 0,
    close: () => { follower.close(); },
  };
}

interface LogReader {
  read(): AcceptedIdentities;
  sessions(): SessionLog;
  length(): number;
  close(): void;
}

function stateOf(folder: string): string {
  const stat = statSync(newestPart(folder), { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}
