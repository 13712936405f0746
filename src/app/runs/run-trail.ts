// A run's mark in the audit log: its start and end in the main log, what it did in a segment of its own.
import type { AuditEvent } from "../../audit/entry.ts";
import { partKey } from "../../audit/entry.ts";
import { appendToLog } from "../../audit/log.ts";
import { openSegment } from "../../audit/segment.ts";
import { wipe } from "../../bytes.ts";
import { openAuditKey } from "../../vault/envelope.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

export interface RunTrail {
  /** Takes an event down, for the next `flush` to write. */
  enter(event: AuditEvent): void;
  /** Writes what was entered; nothing may go out if that fails. @throws VaultError `audit-unwritable`. */
  flush(): void;
  /** Ties the segment into the main log with how the run ended. Safe to call twice. @throws VaultError `audit-unwritable`. */
  close(end: AuditEvent): Promise<void>;
  /** Without an end entry: for a run that never got as far as its child. Safe to call after `close`. */
  abandon(): void;
}

/**
 * Writes the start of a run, with the secrets that it grants, durably, before anything is started.
 *
 * @throws VaultError `audit-unwritable`, `bad-wrap`.
 */
export async function openRunTrail(surroundings: Surroundings, { file, holder }: OpenedVault, runId: string, start: AuditEvent): Promise<RunTrail> {
  const folder = surroundings.paths.auditFolder;
  const vouched = file.contents.audit;
  const auditKey = await openAuditKey(holder, file.contents.id, vouched.key);
  const logKey = partKey(auditKey, { kind: "log" });
  const segmentKey = partKey(auditKey, { kind: "run", id: runId });
  wipe(auditKey);
  const { hash } = await appendToLog(folder, { ...start, run: runId }, { key: logKey, vouched, now: surroundings.now() });
  const segment = openSegment(folder, runId, hash, segmentKey);
  let isClosed = false;
  return {
    enter: segment.enter,
    flush: segment.flush,
    async close(end) {
      if (isClosed) return;
      isClosed = true;
      const { sequence, hash: last } = segment.close();
      try {
        await appendToLog(folder, { ...end, run: runId, entries: sequence, hash: last }, { key: logKey, vouched, now: surroundings.now() });
      } finally {
        wipe(logKey);
      }
    },
    abandon() {
      if (isClosed) return;
      isClosed = true;
      segment.close();
      wipe(logKey);
    },
  };
}
