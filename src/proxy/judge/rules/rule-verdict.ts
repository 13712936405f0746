// What the patterns of rules say of a method and a path. Pure: the first word of each list that matches counts.
import type { RuleLayer } from "../../grants/grant-rules.ts";
import type { Pattern } from "../../grants/rule-pattern.ts";
import { foldPath, matches, matchesLoosely } from "../../grants/rule-pattern.ts";

/** `rule`: the pattern that decided, as it was typed. */
export type RuleVerdict =
  | { readonly kind: "allowed"; readonly rule: string | undefined }
  | { readonly kind: "asked"; readonly rule: string }
  | { readonly kind: "denied"; readonly rule: string }
  | { readonly kind: "unlisted" };

type Patterns = Pick<RuleLayer, "allow" | "deny" | "ask">;

const SEVERITY: Readonly<Record<RuleVerdict["kind"], number>> = { allowed: 0, asked: 1, unlisted: 2, denied: 3 };
const ANY: RuleVerdict = { kind: "allowed", rule: undefined };
const UNLISTED: RuleVerdict = { kind: "unlisted" };

/** @param readings of the path: the strictest verdict on one counts. */
export function judgePath(layer: Patterns, method: string, readings: readonly (readonly string[])[]): RuleVerdict {
  const [only] = readings;
  if (readings.length === 1 && only !== undefined) return judgeReading(layer, method, only);
  return readings.map((path) => judgeReading(layer, method, path)).reduce((a, b) => (SEVERITY[b.kind] > SEVERITY[a.kind] ? b : a), ANY);
}

function judgeReading({ allow, deny, ask }: Patterns, method: string, path: readonly string[]): RuleVerdict {
  if (deny.length > 0 || ask.length > 0) {
    const folded = foldPath(path);
    const denied = findLoosely(deny, method, folded);
    if (denied !== undefined) return { kind: "denied", rule: denied.text };
    const asked = findLoosely(ask, method, folded);
    if (asked !== undefined) return { kind: "asked", rule: asked.text };
  }
  if (allow === undefined) return ANY;
  for (const pattern of allow) if (matches(pattern, method, path)) return { kind: "allowed", rule: pattern.text };
  return UNLISTED;
}

function findLoosely(patterns: readonly Pattern[], method: string, folded: readonly string[]): Pattern | undefined {
  for (const pattern of patterns) if (matchesLoosely(pattern, method, folded)) return pattern;
  return undefined;
}
