// Rules as they are typed.
import { Flags } from "@oclif/core";
import type { RunNarrowing } from "../../app/runs/run-options.ts";
import { VaultError } from "../../errors.ts";
import type { RuleChange } from "../../vault/rule-change.ts";
import { changeRules } from "../../vault/rule-change.ts";
import type { GraphqlOperation, Rules } from "../../vault/rules.ts";
import { isPattern } from "../../vault/rules.ts";

const pattern = (description: string) => Flags.string({ description, multiple: true, multipleNonGreedy: true, helpValue: "'METHODS PATH'" });

export const patternFlags = {
  allow: pattern("let only such requests through, such as 'GET,HEAD /repos/**'; * is one segment, ** any number; may be repeated"),
  deny: pattern("let no such request through, whatever is allowed; may be repeated"),
  ask: pattern("have such a request wait for a person, whatever is allowed; may be repeated"),
  rate: Flags.string({ description: "how many requests a minute may have it", helpValue: "60/m" }),
  burst: Flags.string({ description: "how many of them at once; default: as many as a minute", helpValue: "N", dependsOn: ["rate"] }),
  uses: Flags.string({ description: "how many requests of one run may have it", helpValue: "N" }),
  until: Flags.string({ description: "from when on none may have it", helpValue: "TIME" }),
  "max-body": Flags.string({ description: "how long a request's body may be at most", helpValue: "1M" }),
  graphql: Flags.string({ description: "let only such operations of GraphQL through, and with them perhaps only these fields: query, or query,mutation:viewer,repository", helpValue: "OPERATIONS[:FIELDS]" }),
};

export const ruleFlags = {
  ...patternFlags,
  "remove-rule": pattern("take this pattern out of the rules; may be repeated"),
  "clear-rules": Flags.boolean({ description: "take all rules away, before others are added" }),
};

const preset = Flags.string({ description: "rules that the secret's service has ready, such as read-only (vault services show ID lists them); may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "NAME" });

/** For a secret that is made or changed. */
export const presetFlags = { preset };

/** For a run. */
export const narrowingFlags = { ...patternFlags, preset };

/** @returns undefined where nothing was said. @throws VaultError `usage`. */
export function parseNarrowing(flags: RuleWords & { readonly preset?: readonly string[] | undefined }): RunNarrowing | undefined {
  const rules = changeRules(undefined, parseRuleChange(flags), "the run");
  return rules === undefined && flags.preset === undefined ? undefined : { rules, presets: flags.preset ?? [] };
}

interface RuleWords {
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
  readonly ask?: readonly string[] | undefined;
  readonly rate?: string | undefined;
  readonly burst?: string | undefined;
  readonly uses?: string | undefined;
  readonly until?: string | undefined;
  readonly "max-body"?: string | undefined;
  readonly graphql?: string | undefined;
  readonly "remove-rule"?: readonly string[] | undefined;
  readonly "clear-rules"?: boolean | undefined;
}

/** @throws VaultError `usage`. */
export function parseRuleChange(flags: RuleWords): RuleChange {
  const patterns = (flag: "allow" | "deny" | "ask" | "remove-rule"): string[] | undefined => flags[flag]?.map((text) => parsePattern(text, flag));
  const [allow, deny, ask, remove] = [patterns("allow"), patterns("deny"), patterns("ask"), patterns("remove-rule")];
  const limits = parseLimits(flags);
  return {
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
    ...(ask === undefined ? {} : { ask }),
    ...(remove === undefined ? {} : { remove }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(flags["clear-rules"] === true ? { clears: true } : {}),
  };
}

function parseLimits({ rate, burst, uses, until, "max-body": maxBody, graphql }: RuleWords): NonNullable<RuleChange["limits"]> {
  return {
    ...(rate === undefined ? {} : { rate: parseRate(rate, burst) }),
    ...(uses === undefined ? {} : { uses: uses === NONE ? null : parseCount(uses, "--uses", 2 ** 31 - 1) }),
    ...(until === undefined ? {} : { until: until === NONE ? null : parseUntil(until) }),
    ...(maxBody === undefined ? {} : { maxBodyBytes: maxBody === NONE ? null : parseSize(maxBody) }),
    ...(graphql === undefined ? {} : { graphql: graphql === NONE ? null : parseGraphql(graphql) }),
  };
}

/** Takes a limit away. */
const NONE = "none";

/** As the vault keeps it: methods in order and in capitals, and a slash before the path where it is `**` alone. @throws VaultError `usage`. */
export function parsePattern(text: string, flag: string): string {
  const [methods = "", ...rest] = text.trim().split(/ +/);
  const path = rest.join(" ");
  const known = [...new Set(methods.toUpperCase().split(","))].sort().join(",");
  const pattern = path === "" && /^(?:\/|\*\*)/.test(methods) ? `* ${methods.replace(/^\*/, "/*")}` : `${known} ${path.startsWith("**") ? `/${path}` : path}`;
  if (isPattern(pattern)) return pattern;
  throw new VaultError("usage", `--${flag} takes methods and a path`, `such as --${flag} 'GET,HEAD /repos/**': methods joined by commas or *, a blank, and a path that begins with /; * is one segment of it, ** any number, and it has no . or .. and none of %, ? and #`);
}

function parseRate(text: string, burst: string | undefined): Rules["rate"] {
  if (text === NONE) return null;
  const [, count = "", unit = ""] = /^([0-9]{1,7})\/(m|min|minute|h|hour)$/.exec(text) ?? [];
  const perMinute = unit.startsWith("h") ? Math.floor(Number(count) / 60) : Number(count);
  if (count === "" || perMinute < 1 || perMinute > COUNT_MAX) throw new VaultError("usage", "--rate takes a number of requests a minute", "such as 60/m; 60/h is the same as 1/m, and that is the least; none takes it away");
  return { perMinute, burst: burst === undefined ? perMinute : parseCount(burst, "--burst", COUNT_MAX) };
}

const COUNT_MAX = 1_000_000;

function parseCount(text: string, flag: string, most: number): number {
  const count = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > most) throw new VaultError("usage", `${flag} takes a number from 1 to ${most}`, "none takes the limit away");
  return count;
}

/** A day alone is its first moment, by UTC. */
function parseUntil(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text) ? new Date(text) : undefined;
  const day = text.slice(0, "2027-01-31".length);
  // A day that its month does not have would be one of the next.
  const isDay = time !== undefined && !Number.isNaN(time.getTime()) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  if (time === undefined || !isDay) throw new VaultError("usage", "--until takes a time", "such as 2027-01-31, or 2027-01-31T18:00:00Z; none takes it away");
  return time.toISOString();
}

function parseSize(text: string): number {
  const [, count = "", unit = ""] = /^([0-9]{1,12})([kKmMgG]?)(?:i?[bB])?$/.exec(text) ?? [];
  if (count === "") throw new VaultError("usage", "--max-body takes a number of bytes", "such as 4096, 64K or 1M; none takes it away");
  return Number(count) * 1024 ** ["", "k", "m", "g"].indexOf(unit.toLowerCase());
}

const OPERATIONS: readonly GraphqlOperation[] = ["mutation", "query", "subscription"];

function parseGraphql(text: string): Rules["graphql"] {
  const [words = "", list] = text.split(":", 2);
  const given = words.split(",").map((word) => word.trim());
  const operations = OPERATIONS.filter((operation) => given.includes(operation));
  const fields = list?.split(",").map((field) => field.trim());
  const isRight = given.every((word) => OPERATIONS.some((operation) => operation === word)) && fields?.every((field) => /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(field)) !== false;
  if (!isRight) throw new VaultError("usage", "--graphql takes types of operations, and perhaps fields", "such as query, or query,subscription:viewer,repository; none takes it away");
  return { operations, fields: fields === undefined ? null : [...new Set(fields)].sort() };
}
