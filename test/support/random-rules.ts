// Rules and paths that are close to each other: of few words, so that most of them have to do with one another.
import type { Rules } from "../../src/vault/rules.ts";
import { NO_RULES } from "../../src/vault/rules.ts";

/** Numbers from 0 up to `below` that are the same on each run. */
export function randomBy(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const METHODS = ["GET", "HEAD", "POST", "DELETE"];
const WORDS = ["a", "b", "ab", "aab", "\u00fc", "A", "\uff41", "u\u0308", "a b"];
const STARRED = ["*", "**", "a*", "*b", "a*b", "*a*", "a*a*b"];

export interface RandomCase {
  readonly rules: Rules;
  readonly method: string;
  readonly path: string;
}

export function randomCase(random: (below: number) => number): RandomCase {
  const pick = <T>(items: readonly [T, ...T[]] | readonly T[]): T => items[random(items.length)] as T;
  const segments = (words: readonly string[]): string => Array.from({ length: random(5) }, () => pick(words)).join("/");
  const ended = (text: string): string => `/${text}${text !== "" && random(5) === 0 ? "/" : ""}`;
  const pattern = (): string => {
    const methods = random(3) === 0 ? "*" : [...new Set([pick(METHODS), pick(METHODS)])].sort().join(",");
    return `${methods} ${ended(segments([...WORDS, ...STARRED, ...STARRED]))}`;
  };
  const patterns = (least: number, most: number): string[] => [...new Set(Array.from({ length: least + random(most - least + 1) }, pattern))].sort();
  const rules: Rules = { ...NO_RULES, allow: random(3) === 0 ? null : patterns(1, 4), deny: patterns(0, 2), ask: patterns(0, 2) };
  return { rules, method: pick(METHODS), path: ended(segments(WORDS)) };
}
