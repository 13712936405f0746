// `vault.run.json`: which secrets a project's programs need. It comes with the project, so whoever wrote the project wrote it: it is read as hostile, and `narrowing.ts` lets it take and never add.
// vault.run.schema.json says the same for editors.
import { findText } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { HostBinding } from "../vault/host.ts";
import { parseHostBinding } from "../vault/host.ts";
import type { Place } from "../vault/place.ts";
import { isPlace, PLACES, PLACES_MAX } from "../vault/place.ts";
import { isSecretName } from "../vault/record.ts";
import type { Rules } from "../vault/rules.ts";
import { isPattern, NO_RULES, parseRules } from "../vault/rules.ts";
import { isVisibleText } from "../vault/visible-text.ts";

export const RUN_FILE = "vault.run.json";
export const RUN_FILE_BYTES_MAX = 64 * 1024;
const NEEDS_MAX = 64;
const HOSTS_MAX = 64;
const WRITABLE_MAX = 32;
const PATTERNS_MAX = 64;
const OPERATIONS_MAX = 3;
const PATH_LENGTH_MAX = 1024;
/** A name of 253 characters, brackets or a wildcard, and a port. */
const HOST_LENGTH_MAX = 260;

/** One secret that the project wants, and how much of what it may do. */
export interface Need {
  /** What the program's environment calls it. */
  readonly variable: string;
  readonly secret: string;
  /** Undefined: every host that the vault has bound it to. */
  readonly hosts: readonly HostBinding[] | undefined;
  /** Undefined: every place that the vault lets it stand in. */
  readonly places: readonly Place[] | undefined;
  /** What the project needs it for, which counts beside the vault's own rules. */
  readonly rules?: Rules | undefined;
}

export interface Project {
  /** Undefined: the file does not speak of secrets, and takes none from what a run without it has. */
  readonly needs: readonly Need[] | undefined;
  readonly denyUnmatched: boolean;
  readonly strict: boolean;
  /** Whether its programs run behind the wall. */
  readonly sandbox: boolean;
  /** What else they may write to there: the wall judges each. */
  readonly writable: readonly string[];
}

/** @throws VaultError `usage` for what is not as the schema has it. Of the file it repeats names and hosts, and nothing that could move a cursor. */
export function parseRunFile(bytes: Uint8Array): Project {
  const file = parseMembers(parseJson(bytes), "it", ["$schema", "secrets", "denyUnmatched", "strict", "sandbox", "writable"]);
  if (file["$schema"] !== undefined && typeof file["$schema"] !== "string") throw refuse(`"$schema" is not text`);
  return { needs: parseNeeds(file["secrets"]), denyUnmatched: parseSwitch(file["denyUnmatched"], "denyUnmatched"), strict: parseSwitch(file["strict"], "strict"), sandbox: parseSwitch(file["sandbox"], "sandbox"), writable: parseList(file["writable"], WRITABLE_MAX, `"writable"`, parsePath) ?? [] };
}

/** The file's text for secrets under their own names. @param schema what goes into `$schema`, for editors. */
export function encodeRunFile(names: readonly string[], schema: string | undefined): string {
  const secrets = Object.fromEntries(names.map((name) => [name, {}]));
  return `${JSON.stringify({ ...(schema === undefined ? {} : { $schema: schema }), secrets }, null, 2)}\n`;
}

function parseNeeds(value: unknown): readonly Need[] | undefined {
  if (value === undefined) return undefined;
  const secrets = Object.entries(parseObject(value, `"secrets"`));
  if (secrets.length > NEEDS_MAX) throw refuse(`it names more than ${NEEDS_MAX} secrets`);
  return secrets.map(parseNeed);
}

function parseNeed([variable, value]: readonly [string, unknown]): Need {
  if (!isSecretName(variable)) throw refuse("a member of \"secrets\" is no name of a variable");
  const need = parseMembers(value, `"${variable}"`, ["secret", "hosts", "places", ...RULE_MEMBERS]);
  const secret = need["secret"] === undefined ? variable : need["secret"];
  if (typeof secret !== "string" || !isSecretName(secret)) throw refuse(`the "secret" of "${variable}" is no name of a secret`);
  return { variable, secret, hosts: parseList(need["hosts"], HOSTS_MAX, `the "hosts" of "${variable}"`, parseHost), places: parseList(need["places"], PLACES_MAX, `the "places" of "${variable}"`, parsePlace), rules: parseRuleMembers(need, `"${variable}"`) };
}

/** As `secrets update` has them on its command line. */
const RULE_MEMBERS = ["allow", "deny", "ask", "graphql", "uses", "maxBodyBytes"] as const;

function parseRuleMembers(need: Readonly<Record<string, unknown>>, what: string): Rules | undefined {
  if (RULE_MEMBERS.every((member) => need[member] === undefined)) return undefined;
  const list = (member: "allow" | "deny" | "ask"): string[] | undefined => {
    const patterns = parseList(need[member], PATTERNS_MAX, `the "${member}" of ${what}`, parsePattern);
    return patterns === undefined ? undefined : [...new Set(patterns)].sort();
  };
  try {
    const operations = parseList(need["graphql"], OPERATIONS_MAX, `the "graphql" of ${what}`, parseOperation);
    return parseRules({ ...NO_RULES, allow: list("allow") ?? null, deny: list("deny") ?? [], ask: list("ask") ?? [], uses: need["uses"] ?? null, maxBodyBytes: need["maxBodyBytes"] ?? null, graphql: operations === undefined ? null : { operations: [...new Set(operations)].sort(), fields: null } }, what);
  } catch (error) {
    throw error instanceof VaultError ? refuse(error.message.replace(`${RUN_FILE}: `, ""), error.hint) : error;
  }
}

function parsePattern(item: unknown, what: string): string {
  const text = typeof item === "string" ? item.replace(/ \*\*/, " /**") : "";
  if (isPattern(text)) return text;
  throw refuse(`${what} has an entry that is no pattern, such as "GET,HEAD /repos/**"`);
}

function parseOperation(item: unknown, what: string): string {
  if (item === "query" || item === "mutation" || item === "subscription") return item;
  throw refuse(`${what} has an entry that is none of query, mutation, subscription`);
}

function parseHost(item: unknown, what: string): HostBinding {
  // Checked first, since the error about a bad host repeats it.
  if (typeof item !== "string" || !isVisibleText(item, HOST_LENGTH_MAX)) throw refuse(`${what} has an entry that is no host`);
  try {
    return parseHostBinding(item);
  } catch (error) {
    throw error instanceof VaultError ? refuse(error.message, error.hint) : error;
  }
}

function parsePlace(item: unknown, what: string): Place {
  if (typeof item === "string" && isPlace(item)) return item;
  throw refuse(`${what} has an entry that is none of ${PLACES.join(", ")}, header:NAME, query:NAME`);
}

function parsePath(item: unknown, what: string): string {
  if (typeof item === "string" && isVisibleText(item, PATH_LENGTH_MAX)) return item;
  throw refuse(`${what} has an entry that is no path`);
}

/** An empty list would look like a wish for nothing, or for everything. */
function parseList<T>(value: unknown, lengthMax: number, what: string, parseItem: (item: unknown, what: string) => T): readonly T[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0 || value.length > lengthMax) throw refuse(`${what} is no list of 1 to ${lengthMax}`);
  return value.map((item: unknown) => parseItem(item, what));
}

function parseSwitch(value: unknown, name: string): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw refuse(`"${name}" is neither true nor false`);
}

/** A member that is not known may be a rule of a later version, and must not be passed over. */
function parseMembers(value: unknown, what: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  const object = parseObject(value, what);
  if (Object.keys(object).some((member) => !known.includes(member))) throw refuse(`${what} has members other than ${known.map((member) => `"${member}"`).join(", ")}`);
  return object;
}

function parseObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(`${what} is no object`);
  // Without a prototype, `secrets: {}` has no "constructor".
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

function parseJson(bytes: Uint8Array): unknown {
  const text = findText(bytes);
  try {
    if (text !== undefined) return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    // JSON.parse quotes its input.
  }
  throw refuse("it is no JSON");
}

function refuse(why: string, hint = "src/project/vault.run.schema.json of this package says what may stand there; --no-project runs without the file"): VaultError {
  return new VaultError("usage", `${RUN_FILE}: ${why}`, hint);
}
