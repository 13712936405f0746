// What a granted secret may be used for in one run: the vault's rules, and whatever narrows them. Each layer has to let a request through, so that no layer can widen another.
import type { Rules } from "../../vault/rules.ts";
import type { Pattern } from "./rule-pattern.ts";
import { compilePattern } from "./rule-pattern.ts";

/** What brings a layer that the flags of a run have made. */
export const BY_FLAGS = "the run's flags";

export interface RuleLayer {
  readonly rules: Rules;
  /** What has brought it, where that is not the vault: a project's file, or flags of the run. */
  readonly by: string | undefined;
  /** Undefined: all. */
  readonly allow: readonly Pattern[] | undefined;
  readonly deny: readonly Pattern[];
  readonly ask: readonly Pattern[];
  /** Whether paths matter, and whether methods do. */
  readonly hasPatterns: boolean;
  readonly hasMethods: boolean;
  /** The time from which on nothing goes out. */
  readonly untilMs: number | undefined;
}

/** Never without a layer. */
export interface GrantRules {
  readonly layers: readonly RuleLayer[];
}

export function makeLayer(rules: Rules, by?: string): RuleLayer {
  const patterns = [...(rules.allow ?? []), ...rules.deny, ...rules.ask];
  return {
    rules,
    by,
    allow: rules.allow?.map((text) => compilePattern(text, false)),
    deny: rules.deny.map((text) => compilePattern(text, true)),
    ask: rules.ask.map((text) => compilePattern(text, true)),
    hasPatterns: patterns.length > 0,
    // A POST alone has to be a request of GraphQL, and a person who is asked is shown the method.
    hasMethods: rules.graphql !== null || rules.ask.length > 0 || patterns.some((text) => !text.startsWith("* ")),
    untilMs: rules.until === null ? undefined : Date.parse(rules.until),
  };
}

/** What stands there twice counts once. @returns undefined where there is none. */
export function layered(...layers: readonly (RuleLayer | undefined)[]): GrantRules | undefined {
  const present = new Map(layers.flatMap((layer) => (layer === undefined ? [] : [[JSON.stringify([layer.by ?? null, layer.rules]), layer]])));
  return present.size === 0 ? undefined : { layers: [...present.values()] };
}

/** The rules as they were, and what the vault says now as one layer more where that is something else. A layer of the vault's that it has no longer stays: a run gains nothing. */
export function narrowedBy(given: GrantRules | undefined, now: Rules | undefined): GrantRules | undefined {
  if (now === undefined) return given;
  const text = JSON.stringify(now);
  const isKnown = given?.layers.some((layer) => layer.by === undefined && JSON.stringify(layer.rules) === text) === true;
  return isKnown ? given : layered(...(given?.layers ?? []), makeLayer(now));
}

/** Those of the vault, as it has them or has had them. */
export function vaultRulesOf(rules: GrantRules | undefined): readonly Rules[] {
  return rules?.layers.flatMap((layer) => (layer.by === undefined ? [layer.rules] : [])) ?? [];
}

/** Whether the time is over in which a value may go out. */
export function isOver(rules: GrantRules | undefined, nowMs: number): boolean {
  return rules?.layers.some(({ untilMs }) => untilMs !== undefined && nowMs >= untilMs) === true;
}
