// What the child holds instead of a value: random for each run and secret, recognised exactly, worth nothing elsewhere.
import { randomBytes } from "node:crypto";
import type { Grant } from "../grants/grant.ts";

/** What an SDK checks a key for before it sends it (`ghp_`, 36 more). `length` counts the random characters, and the secrecy rests on them. */
export interface PlaceholderShape {
  readonly prefix: string;
  readonly length: number;
  /** Absent: letters and digits. */
  readonly alphabet?: "hex";
}

/** Where a placeholder stands in a text: `[start, end)`. */
export interface Occurrence {
  readonly grant: Grant;
  readonly start: number;
  readonly end: number;
}

export type Recogniser = (text: string) => readonly Occurrence[];

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX = "0123456789abcdef";
/** 22 characters of 62 are 131 bits, 32 of 16 are 128. */
const LENGTH_MIN = { plain: 22, hex: 32 } as const;
const DEFAULT_SHAPE: PlaceholderShape = { prefix: "vault_ph_", length: 26 };
const NONE: readonly Occurrence[] = [];

/**
 * A new placeholder. The random part has 128 bits at least, whatever the shape asks for: it must not be guessable.
 */
export function mintPlaceholder(shape: PlaceholderShape = DEFAULT_SHAPE): string {
  const alphabet = shape.alphabet === "hex" ? HEX : ALPHABET;
  const length = Math.max(shape.length, LENGTH_MIN[shape.alphabet ?? "plain"]);
  // Bytes from the last multiple on are drawn again, so that no character is likelier than another.
  const unbiased = 256 - (256 % alphabet.length);
  let random = "";
  while (random.length < length) {
    for (const byte of randomBytes(length - random.length)) if (byte < unbiased) random += alphabet.charAt(byte % alphabet.length);
  }
  return shape.prefix + random;
}

/**
 * Finds the placeholders of a run in a text, from left to right and without overlaps. Exactly as minted: an encoded or re-cased
 * placeholder is none. What is found is never looked at again, so a value that contains another placeholder stays as it is.
 */
export function makeRecogniser(grants: readonly Grant[]): Recogniser {
  if (grants.length === 0) return () => NONE;
  const byPlaceholder = new Map(grants.map((grant) => [grant.placeholder, grant]));
  // Longest first: a placeholder that begins like another must not be taken for it.
  const pattern = [...byPlaceholder.keys()].sort((a, b) => b.length - a.length).map(escape).join("|");
  const each = new RegExp(pattern, "g");
  const shortest = Math.min(...[...byPlaceholder.keys()].map(({ length }) => length));
  return (text) => {
    // Most headers.
    if (text.length < shortest) return NONE;
    // With `g` each call starts where the last match ended, and a failed one goes back to the start.
    let match = each.exec(text);
    if (match === null) return NONE;
    const found: Occurrence[] = [];
    for (; match !== null; match = each.exec(text)) {
      const grant = byPlaceholder.get(match[0]);
      if (grant !== undefined) found.push({ grant, start: match.index, end: match.index + match[0].length });
    }
    return found;
  };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
