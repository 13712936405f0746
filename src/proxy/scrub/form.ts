// What is looked for in a text, and what was found there.
import { randomInt } from "node:crypto";

export interface Form {
  readonly bytes: Uint8Array;
  /** Who asks for it. */
  readonly owner: number;
}

/** Where a form stands: `[start, end)`. */
export interface FoundForm {
  readonly owner: number;
  readonly start: number;
  readonly end: number;
}

export interface Findings {
  /** In no order; they may overlap. */
  readonly forms: readonly FoundForm[];
  /** Whether base64 may be broken into lines there. It is told here since the same bytes are looked at for it. */
  readonly hasLines: boolean;
}

/** Where the form stands if it begins there. Compares to the last byte, whatever the first one said. */
export function standsAt({ bytes, owner }: Form, text: Uint8Array, start: number): FoundForm | undefined {
  const end = start + bytes.length;
  if (start < 0 || end > text.length) return undefined;
  let difference = 0;
  for (let index = 0; index < bytes.length; index += 1) difference |= (bytes[index] ?? 0) ^ (text[start + index] ?? 0);
  return difference === 0 ? { owner, start, end } : undefined;
}

/** For hashes that nobody can foresee: of a word by multiplication, which an even number would take bits from. */
export function oddKey(): number {
  return randomInt(2 ** 32) | 1;
}
