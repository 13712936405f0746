// Rules as they are typed.
import type { Rules } from "../../vault/rules.ts";
import { formatSize } from "./size-text.ts";

/** A flag and what stands behind it, without quotation marks. */
function ruleWords({ allow, deny, ask, rate, uses, until, maxBodyBytes, graphql }: Rules): (readonly [flag: string, word: string])[] {
  return [
    ...(allow ?? []).map((pattern) => ["allow", pattern] as const),
    ...deny.map((pattern) => ["deny", pattern] as const),
    ...ask.map((pattern) => ["ask", pattern] as const),
    ...(rate === null ? [] : [["rate", `${rate.perMinute}/m${rate.burst === rate.perMinute ? "" : ` --burst ${rate.burst}`}`] as const]),
    ...(uses === null ? [] : [["uses", String(uses)] as const]),
    ...(until === null ? [] : [["until", until] as const]),
    ...(maxBodyBytes === null ? [] : [["max-body", formatSize(maxBodyBytes)] as const]),
    ...(graphql === null ? [] : [["graphql", `${graphql.operations.join(",")}${graphql.fields === null ? "" : `:${graphql.fields.join(",")}`}`] as const]),
  ];
}

/** A line for each. */
export function ruleLines(rules: Rules | undefined): string[] {
  return rules === undefined ? [] : ruleWords(rules).map(([flag, word]) => `rule      --${flag} ${/[ *]/.test(word) && !word.includes(" --") ? `'${word}'` : word}`);
}
