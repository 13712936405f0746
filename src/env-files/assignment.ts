import { VaultError } from "../errors.ts";
import type { Secret } from "../secret.ts";

/** A name and its value in a file, and where the value stands in the file's text. */
export interface Assignment {
  readonly name: string;
  readonly value: Secret;
  /** From 1. */
  readonly line: number;
  /** UTF-16 units of the text that was read, quotes included: `[start, end)`. */
  readonly start: number;
  readonly end: number;
}

/** A file as it was understood: `text` is what the spans count in. */
export interface AssignmentFile {
  readonly text: string;
  readonly assignments: readonly Assignment[];
  /** What may stand in the place of a value so that the file says that instead. */
  readonly quote: (text: string) => string;
}

/** The longest value that is read, in bytes; the vault holds no longer ones. */
export const VALUE_BYTES_MAX = 64 * 1024;

/** @param what the file, as the user knows it. Never quotes the line: a value stands there. */
export function refuseLine(what: string, line: number, why: string, hint?: string): VaultError {
  return new VaultError("usage", `${what}, line ${line}: ${why}`, hint);
}

/** The line that a place in the text is on, from 1. */
export function lineAt(text: string, place: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < place; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}
