// Changes to rules: what is typed, and what becomes of the rules that there are.
import { VaultError } from "../errors.ts";
import { isNarrowing } from "./rule-scope.ts";
import type { Rules } from "./rules.ts";
import { isEmpty, NO_RULES, parseRules } from "./rules.ts";

/** What is absent stays; `null` takes a limit away. Patterns are added. */
export interface RuleChange {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly ask?: readonly string[];
  /** Patterns to be taken away, out of whichever list they are in. */
  readonly remove?: readonly string[];
  readonly limits?: Partial<Pick<Rules, "rate" | "uses" | "until" | "maxBodyBytes" | "graphql">>;
  /** Begin without any. */
  readonly clears?: boolean;
}

/**
 * @param what the secret, for errors.
 * @throws VaultError `usage` for a pattern to be removed that is not there, and for the last of `allow`: without it, all would be allowed.
 */
export function changeRules(before: Rules | undefined, change: RuleChange, what: string): Rules | undefined {
  const start = change.clears === true || before === undefined ? NO_RULES : before;
  for (const pattern of change.remove ?? []) {
    if (![...(start.allow ?? []), ...start.deny, ...start.ask].includes(pattern)) throw new VaultError("usage", `${what} has no rule with "${pattern}"`, "which it has: vault secrets show NAME");
  }
  const kept = (patterns: readonly string[]): readonly string[] => patterns.filter((pattern) => change.remove?.includes(pattern) !== true);
  const merged = (patterns: readonly string[], more: readonly string[] = []): string[] => [...new Set([...kept(patterns), ...more])].sort();
  const allow = start.allow === null && change.allow === undefined ? null : merged(start.allow ?? [], change.allow);
  if (allow?.length === 0) throw new VaultError("usage", `without an --allow, all would be allowed to ${what}`, "say what is allowed instead, or --clear-rules");
  const next: Rules = { ...start, allow, deny: merged(start.deny, change.deny), ask: merged(start.ask, change.ask), ...change.limits };
  if (isEmpty(next)) return undefined;
  try {
    return parseRules(next, what);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    throw new VaultError("usage", error.message, "64 patterns to a list, and 16,384 characters in all");
  }
}

/** @throws VaultError `usage` for rules that may let more through than those before, where nobody has said that they shall. */
export function requireNarrowing(before: Rules | undefined, next: Rules | undefined, isSaid: boolean, what: string): void {
  if (isSaid || isNarrowing(before, next)) return;
  throw new VaultError("usage", `these rules may let more through than those that ${what} has`, "--widen lets them: what was refused so far may go out then");
}
