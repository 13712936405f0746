// A grammar of JSON values in pieces: a form takes a parsed value and gives it back rebuilt, with its members in canonical order, or refuses it.
import { VaultError } from "../errors.ts";
import { isStrictlyAscending, parseArray, parseInteger, parseObject, parseText } from "./json-shape.ts";

/** @throws VaultError `bad-schema`, `out-of-bounds`, which names the value as `what`. */
export type Form<T> = (value: unknown, what: string) => T;

export type FormOf<F> = F extends Form<infer T> ? T : never;

/** An object with just these members, each there. */
export function members<const T extends Readonly<Record<string, Form<unknown>>>>(forms: T): Form<{ readonly [K in keyof T]: FormOf<T[K]> }> {
  const named = Object.entries(forms);
  return (value, what) => {
    const object = parseObject(value, what);
    return Object.fromEntries(named.map(([name, form]) => [name, form(Object.hasOwn(object, name) ? object[name] : undefined, `${name} of ${what}`)])) as { readonly [K in keyof T]: FormOf<T[K]> };
  };
}

/** One of several objects, told apart by their `kind`. */
export function variant<const T extends Readonly<Record<string, Form<unknown>>>>(forms: T): Form<FormOf<T[keyof T]>> {
  return (value, what) => {
    const object = parseObject(value, what);
    const kind = Object.hasOwn(object, "kind") ? object["kind"] : undefined;
    const form = typeof kind === "string" && Object.hasOwn(forms, kind) ? forms[kind] : undefined;
    if (form === undefined) throw new VaultError("bad-schema", `${what} is of no known kind`);
    return form(value, what) as FormOf<T[keyof T]>;
  };
}

export function literal<const T>(...allowed: readonly T[]): Form<T> {
  return (value, what) => {
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw new VaultError("bad-schema", `${what}: expected ${allowed.join(" or ")}`);
    return found;
  };
}

export function nullable<T>(form: Form<T>): Form<T | null> {
  return (value, what) => (value === null ? null : form(value, what));
}

export function textOf(accepts: RegExp | ((text: string) => boolean)): Form<string> {
  const isRight = accepts instanceof RegExp ? (text: string): boolean => accepts.test(text) : accepts;
  return (value, what) => {
    const text = parseText(value, what);
    if (!isRight(text)) throw new VaultError("bad-schema", `${what} is not in its form`);
    return text;
  };
}

export function integer(least: number, most: number): Form<number> {
  return (value, what) => parseInteger(value, least, most, what);
}

/** A list that is sorted without doubles. @param keyOf what it is sorted by, in UTF-16 units. */
export function sorted<T>(item: Form<T>, least: number, most: number, keyOf: (item: T) => string): Form<readonly T[]> {
  return (value, what) => {
    const items = parseArray(value, most, what).map((one) => item(one, what));
    if (items.length < least || !isStrictlyAscending(items.map(keyOf))) throw new VaultError("bad-schema", `${what}: expected a sorted list${least > 0 ? " that is not empty" : ""}`);
    return items;
  };
}

/** A sorted list of texts. */
export function words(item: Form<string>, least: number, most: number): Form<readonly string[]> {
  return sorted(item, least, most, (word) => word);
}
