// How the second opinion writes a grammar down: a form takes a parsed JSON value and gives it back rebuilt, with its members in canonical order, or refuses.
// So the canonical text of what was read is `JSON.stringify(form(value))`.

/** A reader's refusal; `code` is one of the errors of FORMAT.md. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export type Form<T> = (value: unknown) => T;
export type FormOf<T> = T extends Form<infer U> ? U : never;

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

export const literal = <const T>(...allowed: readonly T[]): Form<T> => (value) => {
  const found = allowed.find((one) => one === value);
  demand(found !== undefined);
  return found;
};

export const text = (accepts: (text: string) => boolean): Form<string> => (value) => {
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

export const sorted = <T>(items: Form<T[]>, inOrder: (a: T, b: T) => boolean): Form<T[]> => (value) => {
  const all = items(value);
  demand(all.slice(1).every((item, index) => all.slice(index, index + 1).every((before) => inOrder(before, item))));
  return all;
};

export const members = <T extends object>(forms: { readonly [K in keyof T]: Form<T[K]> }): Form<T> => (value) => {
  demand(isObject(value));
  const pairs = Object.entries<Form<unknown>>(forms).map(([name, form]) => [name, form(ownMember(value, name))] as const);
  return Object.fromEntries(pairs) as T;
};

/** One of several objects, told apart by a member that stands first. */
export const variant = <T>(tag: string, forms: Readonly<Record<string, Form<T>>>): Form<T> => (value) => {
  demand(isObject(value));
  const kind = ownMember(value, tag);
  const form = typeof kind === "string" && Object.hasOwn(forms, kind) ? forms[kind] : undefined;
  demand(form !== undefined);
  return form(value);
};

export const matching = (pattern: RegExp): Form<string> => text((value) => pattern.test(value));

export const base64Of = (least: number, most = least): Form<string> => text((value) => {
  const bytes = Buffer.from(value, "base64");
  return bytes.length >= least && bytes.length <= most && bytes.toString("base64") === value;
});

export const orNull = <T>(form: Form<T>): Form<T | null> => (value) => (value === null ? null : form(value));

/** A list of texts in ascending order. */
export const ascending = (item: Form<string>, least: number, most: number): Form<string[]> => (value) => {
  const all = sorted(list(item, most), (a, b) => a < b)(value);
  demand(all.length >= least);
  return all;
};
