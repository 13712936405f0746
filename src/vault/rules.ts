// What a secret may be used for (FORMAT.md, "Rules"): the form of it. What it means for a request, the proxy judges.
import { VaultError } from "../errors.ts";
import type { FormOf } from "./json-form.ts";
import { integer, literal, members, nullable, sorted, textOf, words } from "./json-form.ts";
import { isTime } from "./json-shape.ts";
import { isVisibleText } from "./visible-text.ts";

/** In UTF-16 units of their JSON. */
const LENGTH_MAX = 16_384;
const PATTERNS_MAX = 64;
const PATTERN_LENGTH_MAX = 512;
const METHODS_MAX = 16;
const COUNT_MAX = 2 ** 31 - 1;

const METHOD = /^[A-Z](?:[A-Z0-9-]{0,30}[A-Z0-9])?$/;
const patterns = (least: number) => words(textOf(isPattern), least, PATTERNS_MAX);

const form = members({
  allow: nullable(patterns(1)),
  deny: patterns(0),
  ask: patterns(0),
  rate: nullable(members({ perMinute: integer(1, 1_000_000), burst: integer(1, 1_000_000) })),
  uses: nullable(integer(1, COUNT_MAX)),
  until: nullable(textOf(isTime)),
  maxBodyBytes: nullable(integer(0, Number.MAX_SAFE_INTEGER)),
  graphql: nullable(members({
    operations: sorted(literal("mutation", "query", "subscription"), 1, 3, (operation) => operation),
    fields: nullable(words(textOf(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), 1, 64)),
  })),
});

/** At least one member says something. Lists are sorted. */
export type Rules = FormOf<typeof form>;

/** Of GraphQL: types of operations. */
export type GraphqlOperation = NonNullable<Rules["graphql"]>["operations"][number];

/** Rules that say nothing: no record has these, and others are made of them. */
export const NO_RULES: Rules = { allow: null, deny: [], ask: [], rate: null, uses: null, until: null, maxBodyBytes: null, graphql: null };

/** @returns undefined for `null`. @throws VaultError `bad-schema`, `out-of-bounds`. */
export function parseRules(value: unknown, what: string): Rules | undefined {
  if (value === null) return undefined;
  const rules = form(value, `the rules of ${what}`);
  if (isEmpty(rules)) throw new VaultError("bad-schema", `the rules of ${what} are empty`);
  if (JSON.stringify(rules).length > LENGTH_MAX) throw new VaultError("out-of-bounds", `the rules of ${what} are longer than ${LENGTH_MAX} characters`);
  return rules;
}

/** Plain data whose member order is the canonical one. */
export function encodeRules(rules: Rules | undefined): Rules | null {
  return rules === undefined ? null : form(rules, "rules");
}

/** Whether they let everything through. */
export function isEmpty({ allow, deny, ask, rate, uses, until, maxBodyBytes, graphql }: Rules): boolean {
  return deny.length === 0 && ask.length === 0 && [allow, rate, uses, until, maxBodyBytes, graphql].every((part) => part === null);
}

/** `METHODS PATH`, such as `GET,HEAD /repos/**`. */
export function isPattern(text: string): boolean {
  const space = text.indexOf(" ");
  return text.length <= PATTERN_LENGTH_MAX && space > 0 && isMethods(text.slice(0, space)) && isPath(text.slice(space + 1));
}

function isMethods(text: string): boolean {
  if (text === "*") return true;
  const methods = text.split(",");
  return methods.length <= METHODS_MAX && methods.every((method, index) => METHOD.test(method) && (index === 0 || (methods[index - 1] ?? "") < method));
}

/** A slash before each segment, and one at the end where the path has one. */
function isPath(text: string): boolean {
  const [start, ...segments] = text.split("/");
  if (start !== "" || segments.length === 0) return false;
  return segments.every((segment, index) => (segment === "" ? index === segments.length - 1 : isSegment(segment)));
}

/** `**` alone; or text as it stands in a decoded path, in which `*` stands for any. */
function isSegment(segment: string): boolean {
  if (segment === "**") return true;
  return isVisibleText(segment, PATTERN_LENGTH_MAX) && segment !== "." && segment !== ".." && !segment.includes("**") && !/[%?#\\]/.test(segment);
}
