// Keeps up with what a vault's log says of identities, while a broker serves it.
import { statSync } from "node:fs";
import type { ChainHead } from "../../audit/entry.ts";
import { findEntry, partKey } from "../../audit/entry.ts";
import { readHead } from "../../audit/head.ts";
import { readLog } from "../../audit/log.ts";
import { newestPart } from "../../audit/parts.ts";
import { verifyChain, verifyLog } from "../../audit/verify.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";
import type { AcceptedIdentities } from "./acceptance-log.ts";
import { followAcceptances } from "./acceptance-log.ts";
import type { Admission } from "./admission.ts";

/** How old an answer may be: a revocation is heard of that much later. */
const LOOK_MS = 100;

/** All that the log says. @throws VaultError `audit-broken` for one that was changed or cut; `io`, `unsafe-file`. */
export function readAcceptances({ paths }: Pick<Surroundings, "paths">, { file, keys }: Pick<OpenedVault, "file" | "keys">): AcceptedIdentities {
  return openFollower(paths.auditFolder, file.contents.audit, partKey(keys.audit, { kind: "log" })).read();
}

/**
 * Asked at each use: it costs one stat(2) in a tenth of a second at most.
 *
 * @returns undefined for an identity that is not accepted, and for all of them where the log was changed or cut: then nobody knows.
 */
export function openAcceptances({ paths, warn }: Pick<Surroundings, "paths" | "warn">, { file, keys }: Pick<OpenedVault, "file" | "keys">): (did: DidKey) => Admission | undefined {
  const follower = openFollower(paths.auditFolder, file.contents.audit, partKey(keys.audit, { kind: "log" }));
  let known: AcceptedIdentities | undefined = follower.read();
  let state = stateOf(paths.auditFolder);
  let seenMs = performance.now();
  return (did) => {
    const nowMs = performance.now();
    if (nowMs - seenMs < LOOK_MS) return known?.get(did);
    seenMs = nowMs;
    const next = stateOf(paths.auditFolder);
    if (next === state) return known?.get(did);
    state = next;
    try {
      known = follower.read();
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      known = undefined;
      warn(`no identity is accepted any more: ${error.message}`);
    }
    return known?.get(did);
  };
}

/** Verifies what is new of a log, and remembers what it said. */
function openFollower(folder: string, vouched: ChainHead, key: Uint8Array): { read(): AcceptedIdentities } {
  let known: AcceptedIdentities = new Map();
  let read: { readonly head: ChainHead; readonly count: number } | undefined;
  return {
    read() {
      const lines = readLog(folder);
      const seen = readHead(folder, key);
      const heads = [vouched, ...(seen.kind === "known" ? [seen.head] : [])];
      const verdict = read === undefined ? verifyLog(lines, heads, key) : verifyChain(lines.slice(read.count), read.head, heads.filter(({ sequence }) => sequence > (read?.head.sequence ?? 0)), key);
      if (verdict.kind === "broken") throw new VaultError("audit-broken", `the audit log, which says who was accepted, is not whole: ${verdict.bad.why}`, "vault audit --verify names the first bad entry");
      const events = lines.slice(read?.count ?? 0).flatMap((line) => findEntry(line)?.event ?? []);
      known = followAcceptances(known, events);
      read = { head: verdict.head, count: lines.length };
      return known;
    },
  };
}

function stateOf(folder: string): string {
  const stat = statSync(newestPart(folder), { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}
