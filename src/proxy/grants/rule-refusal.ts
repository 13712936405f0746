// Refusals of rules. They name the rule as it was typed, which is the owner's text, and nothing of the request but its method.
import { formatAuthority } from "../../vault/host.ts";
import type { Authority } from "../../vault/host.ts";
import { isPattern } from "../../vault/rules.ts";
import type { Grant } from "./grant.ts";
import type { RuleLayer } from "./grant-rules.ts";
import { BY_FLAGS } from "./grant-rules.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal } from "./refusal.ts";

export type PatternList = "allow" | "deny" | "ask";

/** As it is typed. */
export function ruleText(list: PatternList, pattern: string): string {
  return `${list} ${pattern}`;
}

export function refuseDenied(grant: Grant, authority: Authority, layer: RuleLayer, pattern: string): Refusal {
  return makeRefusal("rule", `${notSent(grant, authority)}; ${whose(layer)} "${ruleText("deny", pattern)}" refuses it`, [grant.name], howToAllow(grant, layer, `--remove-rule '${pattern}' --widen`));
}

/** What is to be typed names every path: the request's own may be as long as it likes, and is the program's. @param header where that is not the request's own path, but one that it names there. */
export function refuseUnlisted(grant: Grant, authority: Authority, layer: RuleLayer, method: string, header?: string): Refusal {
  return makeRefusal("rule", `${notSent(grant, authority)}; none of ${whose(layer, "rules")} allows ${method} of ${header === undefined ? "that path" : `the path in its header ${header}`}`, [grant.name], howToAllow(grant, layer, `--allow '${everyPath(method)}' --widen`, ", or with a narrower path than /**"));
}

/** The method may be one that no rule can name. */
function everyPath(method: string): string {
  const pattern = `${method} /**`;
  return isPattern(pattern) ? pattern : "* /**";
}

/** @param why what of the request no rule can judge, such as `its path has two slashes in a row`. */
export function refuseUnclear(grant: Grant, authority: Authority, why: string): Refusal {
  return makeRefusal("rule", `${notSent(grant, authority)}; it has rules, and servers differ in what they make of this request: ${why}`, [grant.name]);
}

/** @param why such as `its body has more than 100 bytes`. @param flag what changes that. */
export function refuseByLimit(grant: Grant, authority: Authority, layer: RuleLayer, why: string, flag: string): Refusal {
  return makeRefusal("rule", `${notSent(grant, authority)}; ${why}`, [grant.name], howToAllow(grant, layer, `${flag} --widen`));
}

/** Where nobody can be asked, or nothing counted. @param rule as it was typed. */
export function refuseAsking(grant: Grant, authority: Authority, layer: RuleLayer, rule: string): Refusal {
  return makeRefusal("asks", `${notSent(grant, authority)}; by ${whose(layer)} "${rule}" somebody has to be asked first, and there is nobody to ask`, [grant.name]);
}

function howToAllow({ name }: Grant, { by }: RuleLayer, change: string, orElse = ""): string {
  if (by === undefined) return `to allow it${orElse}: vault secrets update ${name} ${change}`;
  return by === BY_FLAGS ? "the flags of this run leave it out; run without them" : `what this run may have of it is what ${by} leaves of what the vault allows; --no-project runs without the file`;
}

function whose({ by }: RuleLayer, what: "rule" | "rules" = "rule"): string {
  return by === undefined ? `its ${what}` : `the ${what} of ${by}`;
}

function notSent({ name }: Grant, authority: Authority): string {
  return `${name} was not sent to ${formatAuthority(authority)}`;
}
