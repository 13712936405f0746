// Reads the audit log, and follows it as it grows.
import type { AuditEntry } from "../../audit/entry.ts";
import { findEntry } from "../../audit/entry.ts";
import { followLog } from "../../audit/follow.ts";
import { followStore } from "../../audit/follow-store.ts";
import { findLogStore, readWholeLog } from "../keys/log-reading.ts";
import { requireVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

export interface TrailWindow {
  readonly limit: number;
  readonly before: Date | undefined;
}

/** The newest entries of the main log, oldest first; lines that are not entries are passed over here, and named by `verifyTrail`. */
export async function readTrail(surroundings: Surroundings, { limit, before }: TrailWindow): Promise<AuditEntry[]> {
  const { contents } = await requireVault(surroundings);
  const entries = (await readWholeLog(surroundings.paths, contents)).map(findEntry).filter((entry) => entry !== undefined);
  return entries.filter(({ at }) => before === undefined || Date.parse(at) < before.getTime()).slice(-limit);
}

/**
 * The newest entries, oldest first, and then each one as it is appended, until the signal says stop. Lines that are not entries are passed over.
 *
 * @param limit how many of the entries that are there already.
 * @throws VaultError `no-vault`, or what reading says.
 */
export async function* followTrail(surroundings: Surroundings, limit: number, signal: AbortSignal): AsyncGenerator<AuditEntry> {
  const { contents } = await requireVault(surroundings);
  const { auditFolder } = surroundings.paths;
  const store = await findLogStore(surroundings.paths, contents);
  let isFirst = true;
  for await (const lines of store === undefined ? followLog(auditFolder, signal) : followStore(auditFolder, store, contents.audit, signal)) {
    const entries = lines.map(findEntry).filter((entry) => entry !== undefined);
    yield* isFirst ? entries.slice(-limit) : entries;
    isFirst = false;
  }
}
