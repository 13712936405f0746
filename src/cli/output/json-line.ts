import { visible } from "./visible-text.ts";

/** An object as one line of JSON in which no text moves a terminal's cursor or hides: what JSON itself would let stand there raw (DEL, C1, bidi) is escaped. Whoever parses it gets the same. */
export function jsonLine(object: unknown): string {
  return visible(JSON.stringify(object));
}
