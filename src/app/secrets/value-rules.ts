import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Place } from "../../vault/place.ts";
import { VALUE_BYTES_MAX } from "../../vault/record.ts";

/**
 * Refuses a value that could not be used where the binding lets it go. The error says nothing about the value but that.
 *
 * @throws VaultError `usage` for an empty or oversized value, or one with CR, LF or NUL that may go into a header (RFC 9110 section 5.5).
 */
export function requireStorable(name: string, value: Secret, places: readonly Place[]): void {
  if (value.length === 0) throw new VaultError("usage", `the value of "${name}" is empty`, `printf %s "$VALUE" | vault secrets create ${name} …`);
  if (value.length > VALUE_BYTES_MAX) throw new VaultError("usage", `the value of "${name}" is longer than ${VALUE_BYTES_MAX} bytes`);
  const goesIntoHeader = places.includes("header") || places.includes("basic");
  if (goesIntoHeader && value.reveal().some((byte) => byte === 0x0a || byte === 0x0d || byte === 0x00)) {
    throw new VaultError("usage", `the value of "${name}" has a line break or a NUL in it, which no header may carry`, "check that it is one line; for a value that only goes into bodies, say --inject body");
  }
}
