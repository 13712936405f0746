// Carries a run's log into a store while it grows: beside the requests, which wait for nothing of it.
import type { Engine } from "../engines/engine.ts";
import { VaultError } from "../errors.ts";
import { untilBack } from "./patience.ts";
import { pushPieces } from "./segment-pieces.ts";

export interface SegmentPush {
  /** There is more. It is in the store within a second, where that is within reach. */
  wake(): void;
  /** Carries over what there still is. @throws VaultError as `pushPieces`, and `store-unavailable` after some patience. */
  close(): Promise<void>;
}

export interface PushTerms {
  /** Once, where the store was away for too long, or has something else in this log's place: nothing more is to be written. */
  readonly onLost: (failure: VaultError) => void;
  /** How long what was written may be on this machine alone. */
  readonly awayMs?: number;
  /** How long lines are gathered for one piece. */
  readonly gatherMs?: number;
}

const AWAY_MS = 30_000;
const GATHER_MS = 500;
const RETRY_MS = 1000;
/** The program has ended by then, and its user waits. */
const CLOSE_MS = 10_000;

/** @param path of the run's log on this disk. */
export function openSegmentPush(engine: Engine, runId: string, path: string, { onLost, awayMs = AWAY_MS, gatherMs = GATHER_MS }: PushTerms): SegmentPush {
  let pushed = 0;
  let awaySinceMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let pushing: Promise<void> | undefined;
  let isOver = false;
  const pushOn = async (): Promise<void> => {
    pushed = await pushPieces(engine, runId, path, pushed);
    awaySinceMs = undefined;
  };
  const later = (ms: number): void => {
    if (!isOver) timer ??= setTimeout(push, ms).unref();
  };
  const lose = (failure: VaultError): void => {
    isOver = true;
    onLost(failure);
  };
  const push = (): void => {
    timer = undefined;
    if (pushing !== undefined) {
      later(gatherMs);
      return;
    }
    pushing = pushOn().catch((error: unknown) => {
      if (!(error instanceof VaultError) || error.code !== "store-unavailable") {
        lose(unwritable(runId, error instanceof VaultError ? error.message : "it cannot be read"));
        return;
      }
      awaySinceMs ??= performance.now();
      if (performance.now() - awaySinceMs >= awayMs) lose(unwritable(runId, `${error.message}, for ${Math.round(awayMs / 1000)} seconds by now`));
      else later(Math.min(RETRY_MS, awayMs / 4));
    }).finally(() => { pushing = undefined; });
  };
  return {
    wake() {
      later(gatherMs);
    },
    async close() {
      isOver = true;
      clearTimeout(timer);
      await pushing;
      await untilBack(CLOSE_MS, pushOn);
    },
  };
}

function unwritable(runId: string, why: string): VaultError {
  return new VaultError("audit-unwritable", `the log of run ${runId} cannot be carried into the store: ${why}`);
}
