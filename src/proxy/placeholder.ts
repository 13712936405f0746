// What the child holds instead of a value: random for each run and secret, recognised exactly, worth nothing elsewhere.
import { randomBytes } from "node:crypto";
import type { Grant } from "./grant.ts";

/** What an SDK checks a key for before it sends it (`ghp_`, 36 more). `length` counts the random characters, and the secrecy rests on them. */
export interface PlaceholderShape {
  readonly prefix: string;
  readonly length: number;
}

/** Where a placeholder stands in a text: `[start, end)`. */
export interface Occurrence {
  readonly grant: Grant;
  readonly start: number;
  readonly end: number;
}

export type Recogniser = (text: string) => readonly Occurrence[];

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** The largest multiple of 62 that a byte can reach: bytes above are drawn again, so that no character is likelier than another. */
const UNBIASED = 248;
/** 22 characters of 62 are 131 bits. */
const LENGTH_MIN = 22;
const DEFAULT_SHAPE: PlaceholderShape = { prefix: "vault_ph_", length: 26 };
const NONE: readonly Occurrence[] = [];

/**
 * A new placeholder. The random part is never shorter than 22 characters, whatever the shape asks for: it must not be guessable.
 */
export function mintPlaceholder(shape: PlaceholderShape = DEFAULT_SHAPE): string {
  const length = Math.max(shape.length, LENGTH_MIN);
  let random = "";
  while (random.length < length) {
    for (const byte of randomBytes(length - random.length)) if (byte < UNBIASED) random += ALPHABET.charAt(byte % ALPHABET.length);
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
  const any = new RegExp(pattern);
  const each = new RegExp(pattern, "g");
  return (text) => {
    if (!any.test(text)) return NONE;
    return [...text.matchAll(each)].flatMap((match) => {
      const grant = byPlaceholder.get(match[0]);
      return grant === undefined ? [] : [{ grant, start: match.index, end: match.index + match[0].length }];
    });
  };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
