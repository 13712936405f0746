// Declared fields of data in memory: found by their patterns, and replaced in a copy that shares all the rest.
import { VaultError } from "../errors.ts";
import type { FieldPath, FieldPattern } from "./field-path.ts";
import { describePath } from "./field-path.ts";

/** Gives what stands in a field's place from then on. Null and undefined never come here. */
export type FieldChange = (value: string | number | boolean, path: FieldPath) => string | number | boolean;

/**
 * The data with its declared fields changed; nothing of what was given is.
 *
 * @throws VaultError `usage` where a pattern names a map or a list, or something that JSON cannot say; what `change` throws.
 */
export function changeFields(data: unknown, patterns: readonly FieldPattern[], change: FieldChange): unknown {
  return walk(data, [], patterns, change);
}

function walk(value: unknown, path: FieldPath, patterns: readonly FieldPattern[], change: FieldChange): unknown {
  if (patterns.length === 0 || value === null || value === undefined) return value;
  const ending = patterns.find(({ steps }) => steps.length === path.length);
  if (ending !== undefined) return change(requireSingle(value, path, ending), path);
  if (Array.isArray(value)) return value.map((item: unknown, index) => walk(item, [...path, index], narrow(patterns, path.length, String(index)), change));
  if (typeof value !== "object") return value;
  // Assigning a key `__proto__` would do something else; making the map from entries does not.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key], narrow(patterns, path.length, key), change)]));
}

function narrow(patterns: readonly FieldPattern[], depth: number, key: string): readonly FieldPattern[] {
  return patterns.filter(({ steps }) => steps[depth] === undefined || steps[depth] === key);
}

function requireSingle(value: unknown, path: FieldPath, { text }: FieldPattern): string | number | boolean {
  if (typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return value;
  const isBranch = typeof value === "object";
  throw new VaultError("usage", `"${describePath(path)}" is no text, number or truth value, and cannot be sealed`, isBranch ? `declare "${text}.*" for each value in it` : undefined);
}
