// Where a field stands in a document, and how a user names fields: dotted, with `*` for every key or index.
import { concatBytes, findText, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";

/** From the document's root: a text for the key of a map, a number for an index of a list. */
export type FieldPath = readonly (string | number)[];

/** A path that may have wildcards. */
export interface FieldPattern {
  /** As the user wrote it. */
  readonly text: string;
  /** Undefined stands for every key and every index. */
  readonly steps: readonly (string | undefined)[];
}

/** In associated data (docs/SEALED.md). Numbers are never reused. */
const TAG = { key: 0x10, index: 0x11 } as const;
const STEPS_MAX = 64;

/**
 * Reads `users.*.token`. A backslash takes the meaning from the `.`, `*` or backslash behind it: `hosts.api\.example\.com`.
 *
 * @throws VaultError `usage`.
 */
export function parsePattern(text: string): FieldPattern {
  const words = text.match(/(?:[^.\\]|\\[.*\\])+|\.|./gsu) ?? [];
  const isAlternating = words.length % 2 === 1 && words.every((word, index) => (word === ".") === (index % 2 === 1) && word !== "\\");
  if (!isAlternating) throw new VaultError("usage", `"${text}" is no path of a field`, "keys with dots between them, such as database.password or users.*.token; a dot that belongs to a key is written \\.");
  const steps = words.filter((_, index) => index % 2 === 0).map((word) => (word === "*" ? undefined : word.replace(/\\(.)/gsu, "$1")));
  if (steps.length > STEPS_MAX) throw new VaultError("usage", `a path has at most ${STEPS_MAX} steps`);
  return { text, steps };
}

export function matchesPath({ steps }: FieldPattern, path: FieldPath): boolean {
  return steps.length === path.length && steps.every((step, index) => step === undefined || step === String(path[index]));
}

/** The path as a pattern that means it alone, for messages. */
export function describePath(path: FieldPath): string {
  return path.map((step) => String(step).replace(/[.*\\]/g, "\\$&")).join(".");
}

/**
 * Tag, length, bytes for each step, so that no two paths give the same: `a.0` of a map is not `a.0` of a list, and a dot in a key is no step.
 *
 * @throws VaultError `usage` for a key that UTF-8 cannot say.
 */
export function encodePath(path: FieldPath): Uint8Array {
  return concatBytes(...path.flatMap((step) => {
    const bytes = typeof step === "number" ? uint32(step) : utf8(step);
    // Two keys that differ in such halves alone would be one field.
    if (typeof step === "string" && findText(bytes) !== step) throw new VaultError("usage", `a key on the path "${describePath(path)}" holds half a character (a lone surrogate), which nothing can carry`);
    return [Uint8Array.of(typeof step === "number" ? TAG.index : TAG.key), uint32(bytes.length), bytes];
  }));
}

/** Big-endian. */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, false);
  return bytes;
}
