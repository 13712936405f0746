// What the child holds instead of a value: made of keys, recognised exactly, worth nothing elsewhere.
import { randomBytes } from "node:crypto";
import type { PlaceholderTemplate } from "../../vault/placeholder-template.ts";
import { getPlaceholderTemplate } from "../../vault/placeholder-template.ts";
import type { Grant } from "../grants/grant.ts";
import { checkOf, drawText } from "./placeholder-check.ts";

/** Where a placeholder stands in a text: `[start, end)`. */
export interface Occurrence {
  readonly grant: Grant;
  readonly start: number;
  readonly end: number;
}

export type Recogniser = (text: string) => readonly Occurrence[];

const TRIAL_TEMPLATE = getPlaceholderTemplate("vault_ph_[A-Za-z0-9]{26}");
const NONE: readonly Occurrence[] = [];

/**
 * The placeholder of one secret: the same for the same template and keys, and unrelated to that of any others.
 *
 * @param seed 32 bytes that belong to this secret alone.
 * @param checkKey 32 bytes of the vault's: by these each of its placeholders is known for one, whatever secret it is of.
 */
export function mintPlaceholder(template: PlaceholderTemplate, seed: Uint8Array, checkKey: Uint8Array): string {
  const drawn = template.pieces.map((piece, index) => (piece.kind === "literal" ? "" : drawText(seed, `${index} ${template.text}`, piece.alphabet, piece.count))).join("");
  const check = checkOf(drawn, template.lastAlphabet, checkKey);
  const characters = drawn.slice(0, -check.length) + check;
  let at = 0;
  return template.pieces.map((piece) => (piece.kind === "literal" ? piece.text : characters.slice(at, (at += piece.count)))).join("");
}

/** One of no vault and no secret, for trials. */
export function mintForTrial(template: PlaceholderTemplate = TRIAL_TEMPLATE): string {
  return mintPlaceholder(template, randomBytes(32), randomBytes(32));
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
