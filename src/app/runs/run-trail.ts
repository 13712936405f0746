// A run's mark in the audit log: its start and end in the main log, what it did in a segment of its own.
import { MAIN_PART } from "../../agent/messages/part-head.ts";
import type { AuditEvent, ChainHead, Detail } from "../../audit/entry.ts";
import { partKey } from "../../audit/entry.ts";
import { openHeartbeat } from "../../audit/heartbeat.ts";
import { appendChosen, appendToLog } from "../../audit/log.ts";
import { untilBack } from "../../audit/patience.ts";
import { segmentPath } from "../../audit/segment-file.ts";
import { openSegmentPush } from "../../audit/segment-push.ts";
import { openSegment } from "../../audit/segment.ts";
import { wipe } from "../../bytes.ts";
import { identifyThisProcess } from "../../disk/process-identity.ts";
import { openHeadReport, tellLogHead } from "../keys/head-witness.ts";
import { findLogStore } from "../keys/log-reading.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { Surroundings } from "../surroundings.ts";

/** For a store that is away as the run ends. The program has ended by then, and its user waits. */
const CLOSE_MS = 10_000;

export interface RunTrail {
  /** Takes an event down, for the next `flush` to write. */
  enter(event: AuditEvent): void;
  /** Writes what was entered; nothing may go out if that fails. @throws VaultError `audit-unwritable`. */
  flush(): void;
  /** Appends to the main log what `choose` says, if anything, when all that other machines have written there is here. @throws VaultError as `appendToLog`. */
  append(choose: () => AuditEvent | undefined): Promise<void>;
  /** Ties the segment into the main log with how the run ended, which may be chosen likewise. Safe to call twice. @throws VaultError `audit-unwritable`. */
  close(end: AuditEvent | (() => AuditEvent)): Promise<void>;
}

/**
 * Writes the start of a run, with the secrets that it grants, durably, before anything is started.
 *
 * @param process this one, by which a run that goes on is told from one that was killed.
 * @param isShared whether its sign of life in a store is that of a broker with many runs.
 * @throws VaultError `audit-unwritable`, `bad-wrap`.
 */
export async function openRunTrail(surroundings: Surroundings, { file, holder, agent, keys }: OpenedVault, runId: string, start: AuditEvent, process: Detail = { ...identifyThisProcess() }, isShared = false): Promise<RunTrail> {
  const folder = surroundings.paths.auditFolder;
  const vouched = file.contents.audit;
  const store = await findLogStore(surroundings.paths, file.contents);
  const logKey = partKey(keys.audit, { kind: "log" });
  const segmentKey = partKey(keys.audit, { kind: "run", id: runId });
  const first = await appendToLog(folder, { ...start, run: runId, process }, { key: logKey, vouched, now: surroundings.now(), store });
  await tellLogHead(holder, first);
  const report = agent === undefined ? undefined : openHeadReport(surroundings.paths.agent);
  const heartbeat = store === undefined || isShared ? undefined : openHeartbeat(store.engine, runId, segmentKey);
  const push = store === undefined ? undefined : openSegmentPush(store.engine, runId, segmentPath(folder, runId), { onLost: (failure) => { segment.fail(failure); } });
  const onProgress = (head: ChainHead): void => {
    report?.tell(runId, head);
    push?.wake();
  };
  const segment = openSegment(folder, runId, first.hash, segmentKey, {
    ...(report === undefined && push === undefined ? {} : { onProgress }),
    onFailure: ({ message }) => { surroundings.warn(`${message}; no secret of this run goes out any more`); },
  });
  let isClosed = false;
  return {
    enter: segment.enter,
    flush: segment.flush,
    async append(choose) {
      const last = await untilBack(CLOSE_MS, () => appendChosen(folder, choose, { key: logKey, vouched: first, now: surroundings.now(), store }));
      if (last !== undefined) report?.tell(MAIN_PART, last);
    },
    async close(end) {
      if (isClosed) return;
      isClosed = true;
      const { sequence, hash } = segment.close();
      try {
        await push?.close();
        // What this run has seen of the log itself, it vouches for. An end that stands there twice says nothing else than one; a run without is taken for one that was killed.
        const last = await untilBack(CLOSE_MS, () => appendChosen(folder, () => ({ ...(typeof end === "function" ? end() : end), run: runId, entries: sequence, hash }), { key: logKey, vouched: first, now: surroundings.now(), store }));
        if (last !== undefined) report?.tell(MAIN_PART, last);
      } finally {
        wipe(logKey);
        await Promise.all([report?.close(), heartbeat?.close()]);
      }
    },
  };
}
