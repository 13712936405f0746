// Mixed traffic for a while, with the proxy's process weighed all along.
import { setTimeout as sleep } from "node:timers/promises";
import { descriptorCount, residentBytes } from "./process-weight.ts";
import type { Act, World } from "./traffic.ts";
import { goodActs, hostileActs } from "./traffic.ts";

export interface SoakOutcome {
  /** How often each act was done. */
  readonly done: Readonly<Record<string, number>>;
  /** What went wrong, named after the act: at most the first few. */
  readonly failures: readonly string[];
  /** From the median of the first quarter to that of the last. */
  readonly grownBytes: number;
  readonly grownDescriptors: number;
}

/** So many acts of each sort are under way at any time. */
const GOOD_AT_ONCE = 5;
const HOSTILE_AT_ONCE = 4;
const SAMPLES = 200;
const FAILURES_MAX = 5;
const LATE_MS = 60_000;

/** @param warmMs before the first weighing: what Node takes once is no growth. */
export async function soak(world: World, durationMs: number, warmMs: number): Promise<SoakOutcome> {
  const done: Record<string, number> = {};
  const failures: string[] = [];
  let isOver = false;
  /** Each lane goes round all acts, and begins at another one. */
  const lane = async (acts: Readonly<Record<string, Act>>, start: number): Promise<void> => {
    const names = Object.keys(acts);
    for (let turn = start; !isOver; turn += 1) {
      const name = names[turn % names.length] ?? "";
      try {
        await acts[name]?.(world);
        done[name] = (done[name] ?? 0) + 1;
      } catch (error) {
        if (failures.length < FAILURES_MAX) failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(50);
      }
    }
  };
  const lanes = [...Array.from({ length: GOOD_AT_ONCE }, (_, index) => lane(goodActs, index * 3)), ...Array.from({ length: HOSTILE_AT_ONCE }, (_, index) => lane(hostileActs, index * 4))];
  const kinds = Object.keys(goodActs).length + Object.keys(hostileActs).length;
  await sleep(warmMs);
  const bytes: number[] = [];
  const descriptors: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await sleep(durationMs / SAMPLES);
    bytes.push(residentBytes(world.vault.pid));
    descriptors.push(descriptorCount(world.vault.pid));
  }
  // On a busy machine the last kinds come later.
  for (const limit = Date.now() + LATE_MS; Object.keys(done).length < kinds && Date.now() < limit;) await sleep(50);
  isOver = true;
  await Promise.all(lanes);
  return { done, failures, grownBytes: growth(bytes), grownDescriptors: growth(descriptors) };
}

function growth(samples: readonly number[]): number {
  const quarter = Math.floor(samples.length / 4);
  return median(samples.slice(-quarter)) - median(samples.slice(0, quarter));
}

function median(samples: readonly number[]): number {
  return [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
}
