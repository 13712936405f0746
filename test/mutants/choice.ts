// Which breaks are tried, and which tests are asked about each.
import { dirname } from "node:path";
import type { SourceFile } from "../support/source-tree.ts";
import type { Mutation } from "./mutation.ts";

/**
 * As many of them, spread over all. The same seed gives the same choice.
 *
 * @param seed an integer.
 */
export function choose(mutations: readonly Mutation[], count: number, seed: number): Mutation[] {
  const random = randomNumbers(seed);
  return mutations
    .map((mutation) => ({ mutation, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ mutation }) => mutation)
    .sort((a, b) => (a.path === b.path ? a.start - b.start : a.path < b.path ? -1 : 1));
}

/** A small generator (Mulberry32 by T. Ettinger): the choice has to be the same everywhere, and nothing more. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** As far away as what is imported by what a test imports: tests in the folder that mirrors a source's may bundle it for a process of its own, and import nothing of it. */
const NEIGHBOUR_STEPS = 2;

/**
 * The tests that reach a source by their imports, or are its neighbours: its own first, then the nearest, and of those as near the ones that reach the fewest other files,
 * since they say most about it and take the least time.
 *
 * @param files all sources and all tests.
 */
export function rankTests(path: string, files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const own = path.replace(/^src\//, "test/").replace(/\.ts$/, ".test.ts");
  return files
    .filter((file) => file.path.endsWith(".test.ts"))
    .flatMap((file) => {
      const steps = stepsFrom(file.path, byPath);
      const distance = Math.min(steps.get(path) ?? Infinity, dirname(file.path) === dirname(own) ? NEIGHBOUR_STEPS : Infinity);
      return distance === Infinity ? [] : [{ path: file.path, distance: file.path === own ? 0 : distance, reach: steps.size }];
    })
    .sort((a, b) => a.distance - b.distance || a.reach - b.reach || (a.path < b.path ? -1 : 1))
    .map((test) => test.path);
}

const known = new Map<string, ReadonlyMap<string, number>>();

/** All that a file imports, itself or by others, and over how many of them. */
function stepsFrom(path: string, byPath: ReadonlyMap<string, SourceFile>): ReadonlyMap<string, number> {
  const found = known.get(path);
  if (found !== undefined) return found;
  const steps = new Map<string, number>();
  let edge = [path];
  for (let step = 1; edge.length > 0; step += 1) {
    const next: string[] = [];
    for (const { target, isTypeOnly } of edge.flatMap((from) => byPath.get(from)?.imports ?? [])) {
      if (target === undefined || isTypeOnly || steps.has(target)) continue;
      steps.set(target, step);
      next.push(target);
    }
    edge = next;
  }
  known.set(path, steps);
  return steps;
}
