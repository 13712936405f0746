import { VaultError } from "../../errors.ts";
import { GUESSABLE_BITS, guessBits } from "./guess-bits.ts";
import type { Secret } from "../../secret.ts";
import type { Place } from "../../vault/place.ts";
import { VALUE_BYTES_MAX } from "../../vault/record.ts";

/**
 * Refuses a value that could not be used where the binding lets it go. The error says nothing about the value but that.
 *
 * @throws VaultError `usage` for an empty or oversized value, or one with CR, LF or NUL that may go into a header (RFC 9110 section 5.5).
 */
export function requireStorable(name: string, value: Secret, places: readonly Place[]): void {
  if (value.length === 0) throw new VaultError("usage", `the value of "${name}" is empty`, 'pipe it into the same command, printf %s "$VALUE" | vault …; or name a file: --from-file FILE');
  if (value.length > VALUE_BYTES_MAX) throw new VaultError("usage", `the value of "${name}" is longer than ${VALUE_BYTES_MAX} bytes`, "check that it is the value that you mean");
  const goesIntoHeader = places.includes("header") || places.includes("basic");
  if (goesIntoHeader && value.reveal().some((byte) => byte === 0x0a || byte === 0x0d || byte === 0x00)) {
    throw new VaultError("usage", `the value of "${name}" has a line break or a NUL in it, which no header may carry`, "check that it is one line; for a value that only goes into bodies, say --inject body");
  }
}

/**
 * What a person should know of a value that can be guessed: scrubbing tells a program which of many guesses is the value, if a host hands them back to it.
 *
 * @param scrub whether answers are looked through for it at all.
 */
export function findGuessable(name: string, value: Secret, scrub: boolean): string | undefined {
  if (!scrub || guessBits(Buffer.from(value.reveal()).toString("latin1")) >= GUESSABLE_BITS) return undefined;
  return `the value of "${name}" could be guessed: a program that has a bound host hand its guesses back sees which one is replaced; take a longer value, or have answers not looked through for it: vault secrets update ${name} --no-scrub`;
}
