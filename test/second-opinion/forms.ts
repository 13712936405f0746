// FORMAT.md, "Key slot", "Secret records" and "Hosts", as a grammar: a form takes a parsed JSON value and gives it back rebuilt,
// with its members in canonical order, or refuses. So the canonical text of what was read is `JSON.stringify(form(value))`.
import { isIPv4 } from "node:net";

/** A reader's refusal; `code` is one of the errors of FORMAT.md. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export type Form<T> = (value: unknown) => T;
type FormOf<T> = T extends Form<infer U> ? U : never;

export function demand(condition: boolean, code = "bad-schema"): asserts condition {
  if (!condition) throw new Refusal(code);
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member: `__proto__` and what it would lend do not count. */
export function ownMember(value: object, name: string): unknown {
  const property = Object.getOwnPropertyDescriptor(value, name);
  demand(property !== undefined);
  return property.value;
}

const literal = <const T>(...allowed: readonly T[]): Form<T> => (value) => {
  const found = allowed.find((one) => one === value);
  demand(found !== undefined);
  return found;
};

const text = (accepts: (text: string) => boolean): Form<string> => (value) => {
  demand(typeof value === "string" && accepts(value));
  return value;
};

export const integer = (least: number, most: number): Form<number> => (value) => {
  demand(typeof value === "number" && Number.isInteger(value));
  demand(value >= least && value <= most, "out-of-bounds");
  return value;
};

export const list = <T>(item: Form<T>, most: number): Form<T[]> => (value) => {
  demand(Array.isArray(value));
  demand(value.length <= most, "out-of-bounds");
  return value.map(item);
};

const sorted = <T>(items: Form<T[]>, inOrder: (a: T, b: T) => boolean): Form<T[]> => (value) => {
  const all = items(value);
  demand(all.slice(1).every((item, index) => all.slice(index, index + 1).every((before) => inOrder(before, item))));
  return all;
};

const members = <T extends object>(forms: { readonly [K in keyof T]: Form<T[K]> }): Form<T> => (value) => {
  demand(isObject(value));
  const pairs = Object.entries<Form<unknown>>(forms).map(([name, form]) => [name, form(ownMember(value, name))] as const);
  return Object.fromEntries(pairs) as T;
};

/** One of several objects, told apart by a member that stands first. */
const variant = <T>(tag: string, forms: Readonly<Record<string, Form<T>>>): Form<T> => (value) => {
  demand(isObject(value));
  const kind = ownMember(value, tag);
  const form = typeof kind === "string" && Object.hasOwn(forms, kind) ? forms[kind] : undefined;
  demand(form !== undefined);
  return form(value);
};

const matching = (pattern: RegExp): Form<string> => text((value) => pattern.test(value));

export const base64Of = (least: number, most = least): Form<string> => text((value) => {
  const bytes = Buffer.from(value, "base64");
  return bytes.length >= least && bytes.length <= most && bytes.toString("base64") === value;
});

const HIDDEN: readonly (readonly [number, number])[] = [
  [0x0000, 0x001f], [0x007f, 0x009f], [0x00ad, 0x00ad], [0x061c, 0x061c], [0x180e, 0x180e], [0x200b, 0x200f], [0x2028, 0x202e],
  [0x2060, 0x206f], [0xd800, 0xdfff], [0xfeff, 0xfeff], [0xfff9, 0xfffb], [0xe0000, 0xe007f],
];

/** Iterating gives whole code points, so that only a lone surrogate shows up as one. */
export const visibleText = (most: number): Form<string> => text((value) =>
  value.length >= 1 && value.length <= most && value.trim() === value
  && Array.from(value, (character) => character.codePointAt(0) ?? 0).every((point) => HIDDEN.every(([from, to]) => point < from || point > to)));

const time: Form<string> = text((value) => {
  const date = new Date(value);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(date.getTime()) && date.toISOString() === value;
});

const host: Form<string> = text((value) => {
  const parts = /^(?<wildcard>\*\.)?(?<host>\[[0-9a-f:]+\]|[a-z0-9._-]+):(?<port>[1-9][0-9]{0,4})$/.exec(value)?.groups;
  if (parts?.host === undefined || Number(parts.port) > 65_535) return false;
  if (parts.host.startsWith("[")) return parts.wildcard === undefined && isCanonicalIpv6(parts.host.slice(1, -1));
  if (isIPv4(parts.host)) return parts.wildcard === undefined;
  const labels = parts.host.split(".");
  return parts.host.length <= 253
    && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
    && !/^([0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")
    && (parts.wildcard === undefined || labels.length >= 2);
});

/** RFC 5952: no leading zeros, and `::` for the first of the longest runs of two zeros or more. */
function isCanonicalIpv6(address: string): boolean {
  const [head = "", tail, ...more] = address.split("::");
  if (more.length > 0) return false;
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return false;
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (!groups.every((group) => /^(0|[1-9a-f][0-9a-f]{0,3})$/.test(group))) return false;
  for (let run = 8; run >= 2; run--) {
    const at = groups.findIndex((_, start) => start + run <= 8 && groups.slice(start, start + run).every((group) => group === "0"));
    if (at >= 0) return address === `${groups.slice(0, at).join(":")}::${groups.slice(at + run).join(":")}`;
  }
  return address === groups.join(":");
}

const kdf = (() => {
  const costs = members({
    algorithm: literal("argon2id"),
    version: literal(19),
    memoryKib: integer(19_456, 1_048_576),
    passes: integer(2, 10),
    lanes: literal(1),
    salt: base64Of(16),
  });
  return (value: unknown) => {
    const found = costs(value);
    demand(found.memoryKib * found.passes <= 4_194_304, "out-of-bounds");
    return found;
  };
})();
export type Kdf = FormOf<typeof kdf>;

const slotStart = { id: base64Of(16), commitment: base64Of(32) };
const passphraseSlot = members({ provider: literal("passphrase"), ...slotStart, kdf });
const fileSlot = members({ provider: literal("file"), ...slotStart, path: visibleText(4096), owned: literal(true, false) });
const keyringSlot = members({ provider: literal("keyring"), ...slotStart, service: visibleText(256), account: visibleText(256), owned: literal(true, false) });
const envSlot = members({ provider: literal("env"), ...slotStart, variable: matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/) });
export type KeySlot = FormOf<typeof passphraseSlot> | FormOf<typeof fileSlot> | FormOf<typeof keyringSlot> | FormOf<typeof envSlot>;
export const keySlot: Form<KeySlot> = variant<KeySlot>("provider", { passphrase: passphraseSlot, file: fileSlot, keyring: keyringSlot, env: envSlot });

const wrapped = members({ nonce: base64Of(24), ciphertext: base64Of(48) });
export type Wrapped = FormOf<typeof wrapped>;

export const audit = members({ sequence: integer(0, Number.MAX_SAFE_INTEGER), hash: base64Of(32), key: wrapped });
export type AuditHead = FormOf<typeof audit>;

const inGroup = { workspace: visibleText(128), group: visibleText(128) };
const globalScope = members({ kind: literal("global") });
const workspaceScope = members({ kind: literal("workspace"), workspace: visibleText(128) });
const groupScope = members({ kind: literal("group"), ...inGroup });
export type Scope = FormOf<typeof globalScope> | FormOf<typeof workspaceScope> | FormOf<typeof groupScope>;
const scope: Form<Scope> = variant<Scope>("kind", { global: globalScope, workspace: workspaceScope, group: groupScope });

const serviceId = matching(/^[a-z0-9][a-z0-9-]{0,63}$/);

export const secretRecord = members({
  id: base64Of(16),
  name: matching(/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/),
  scope,
  groups: sorted(list(members(inGroup), 256), (a, b) => a.workspace < b.workspace || (a.workspace === b.workspace && a.group < b.group)),
  service: (value: unknown) => (value === null ? null : serviceId(value)),
  hosts: sorted(list(host, 64), (a, b) => a < b),
  places: (value: unknown) => {
    const places = sorted(list(matching(/^(?:basic|body|header|path|query|header:[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?|query:[A-Za-z0-9_.[\]-]{1,64})$/), 5), (a, b) => a < b)(value);
    demand(places.length > 0);
    return places;
  },
  allowPrivate: literal(true, false),
  version: integer(1, 2 ** 31 - 1),
  createdAt: time,
  updatedAt: time,
  dek: wrapped,
  value: members({ nonce: base64Of(24), commitment: base64Of(32), ciphertext: base64Of(17, 65_552) }),
});
export type SecretRecord = FormOf<typeof secretRecord>;
