// A run that goes on says so in the store, every few seconds. Whoever watches for long enough knows, and no clock of one machine is held against another's.
import { setTimeout as sleep } from "node:timers/promises";
import { findText, utf8 } from "../bytes.ts";
import type { Digest, Engine } from "../engines/engine.ts";
import { digestOf } from "../engines/engine.ts";
import { macOfText } from "./line-mac.ts";

export interface Heartbeat {
  /** The run has ended: nothing is left of it. */
  close(): Promise<void>;
}

const BEAT_MS = 5000;
/** Some beats, and a store that was away for a moment. */
export const SILENCE_MS = 20_000;
const LOOK_MS = 500;
/** Somebody else's answer must not hold up the end of a run. */
const CLOSE_MS = 2000;

/** @param key the run's own; copied. */
export function openHeartbeat(engine: Engine, runId: string, key: Uint8Array, beatMs = BEAT_MS): Heartbeat {
  const own = key.slice();
  let count = 0;
  let state: Digest | undefined;
  let isOver = false;
  const beat = async (): Promise<void> => {
    const bytes = utf8(encodeBeat(runId, count + 1, own));
    const replaced = await engine.replace(nameOf(runId), bytes, state);
    count += 1;
    state = digestOf(bytes);
    // Somebody has removed it, or the answer was lost: the next one goes by what is there.
    if (replaced !== "done") state = await readState(engine, runId);
  };
  let beating: Promise<void> | undefined;
  const tick = (): void => {
    if (!isOver) beating ??= beat().catch(() => undefined).finally(() => { beating = undefined; });
  };
  tick();
  const timer = setInterval(tick, beatMs).unref();
  return {
    async close() {
      isOver = true;
      clearInterval(timer);
      const end = async (): Promise<void> => {
        await beating;
        await engine.replace(nameOf(runId), undefined, state);
      };
      // One that stays behind says no more than that the run went on once.
      await Promise.race([end().catch(() => undefined), sleep(CLOSE_MS, undefined, { ref: false })]);
      own.fill(0);
    },
  };
}

/**
 * Which of these runs go on: watches until each was heard of, or for as long as tells that none of the others will be.
 *
 * @param keyOf a run's own key; undefined takes what the store has at its word.
 * @throws VaultError `store-unavailable`.
 */
export async function listen(engine: Engine, runIds: readonly string[], keyOf: (runId: string) => Uint8Array | undefined, silenceMs = SILENCE_MS): Promise<ReadonlySet<string>> {
  const first = new Map<string, number>();
  const heard = new Set<string>();
  for (const deadline = performance.now() + silenceMs; ; ) {
    for (const id of runIds.filter((waiting) => !heard.has(waiting))) {
      const count = await readBeat(engine, id, keyOf(id));
      if (count === undefined) continue;
      const before = first.get(id);
      if (before === undefined) first.set(id, count);
      // It only ever counts up: an old one that somebody has put back is no news.
      else if (count > before) heard.add(id);
    }
    if (heard.size === runIds.length || performance.now() > deadline) return heard;
    await sleep(LOOK_MS);
  }
}

/** How far one has counted; undefined where there is none, or one that was not written with the key. @throws VaultError `store-unavailable`. */
export async function readBeat(engine: Engine, runId: string, key: Uint8Array | undefined): Promise<number | undefined> {
  const found = await engine.read(nameOf(runId));
  return found.kind === "bytes" ? findBeat(runId, found.bytes, key) : undefined;
}

function nameOf(runId: string): string {
  return `runs/${runId}/alive`;
}

function encodeBeat(runId: string, count: number, key: Uint8Array): string {
  return `${count} ${macOfText(`vault/1 audit alive ${runId} ${count}`, key)}\n`;
}

function findBeat(runId: string, bytes: Uint8Array, key: Uint8Array | undefined): number | undefined {
  const text = findText(bytes) ?? "";
  const count = Number(/^(\d{1,15}) [A-Za-z0-9+/=]{44}\n$/.exec(text)?.[1]);
  return Number.isSafeInteger(count) && (key === undefined || text === encodeBeat(runId, count, key)) ? count : undefined;
}

async function readState(engine: Engine, runId: string): Promise<Digest | undefined> {
  const found = await engine.read(nameOf(runId));
  return found.kind === "bytes" ? digestOf(found.bytes) : undefined;
}
