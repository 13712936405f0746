// Refusals of requests that wait for a person, or whose uses are counted. They name the rule as it was typed, and the person's reason.
import { formatAuthority } from "../../vault/host.ts";
import type { Authority } from "../../vault/host.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal } from "./refusal.ts";

/** One rule that asks or counts. */
export interface GatingRule {
  /** The secret's name. */
  readonly name: string;
  /** As it was typed: `ask DELETE /**`. */
  readonly rule: string;
  /** What narrows the secret for this run; undefined where the rule is the vault's own. */
  readonly by: string | undefined;
}

/** @param reason in the person's words; empty where none was given. */
export function refuseByPerson(rules: readonly GatingRule[], authority: Authority, reason: string): Refusal {
  const why = reason === "" ? "" : `: ${oneLine(reason)}`;
  return makeRefusal("denied", `${notSent(rules, authority)}; by ${rulesText(rules)} somebody was asked, and said no${why}`, namesOf(rules));
}

export function refuseUnanswered(rules: readonly GatingRule[], authority: Authority, seconds: number): Refusal {
  return makeRefusal("unanswered", `${notSent(rules, authority)}; by ${rulesText(rules)} somebody was asked, and did not answer within ${seconds} seconds`, namesOf(rules), `answer while it waits: vault approve${howToAskNoMore(rules)}`);
}

export function refuseCrowded(rules: readonly GatingRule[], authority: Authority): Refusal {
  return makeRefusal("unanswered", `${notSent(rules, authority)}; by ${rulesText(rules)} somebody has to be asked, and too many requests wait for an answer already; send fewer at once`, namesOf(rules));
}

/** There was somebody, and is no more: the vault was locked, or its agent has ended. */
export function refuseAskedNobody(rules: readonly GatingRule[], authority: Authority): Refusal {
  return makeRefusal("asks", `${notSent(rules, authority)}; by ${rulesText(rules)} somebody has to be asked or counted, and the vault's agent, which does that, has ended`, namesOf(rules), "unlock the vault: vault unlock");
}

/** @param retryMs when there is a use again; undefined: never in this run. */
export function refuseSpent(rule: GatingRule, authority: Authority, retryMs: number | undefined): Refusal {
  const until = retryMs === undefined ? "and this run has had them all" : `and there is one again in ${Math.ceil(retryMs / 1000)} seconds`;
  const refusal = makeRefusal("rule-limit", `${notSent([rule], authority)}; its rule "${rule.rule}" allows so many uses, ${until}`, [rule.name]);
  return retryMs === undefined ? { ...refusal, status: 403 } : { ...refusal, retrySeconds: Math.ceil(retryMs / 1000) };
}

function howToAskNoMore(rules: readonly GatingRule[]): string {
  const own = rules.filter(({ by }) => by === undefined);
  return own.length === 0 ? "" : `; to have it asked no more: ${own.map(({ name, rule }) => `vault secrets update ${name} --remove-rule '${rule.replace(/^ask /, "")}' --widen`).join("; ")}`;
}

function rulesText(rules: readonly GatingRule[]): string {
  return rules.map(({ rule, by }) => `${by === undefined ? "its rule" : `the rule of ${by}`} "${rule}"`).join(" and ");
}

function notSent(rules: readonly GatingRule[], authority: Authority): string {
  return `${namesOf(rules).join(", ")} was not sent to ${formatAuthority(authority)}`;
}

function namesOf(rules: readonly GatingRule[]): string[] {
  return [...new Set(rules.map(({ name }) => name))];
}

/** What a person has typed or pasted, in one line of a header's or a log's. */
function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
}
