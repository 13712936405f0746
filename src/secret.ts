import { inspect } from "node:util";
import { equalBytes, utf8 } from "./bytes.ts";

const MASK = "[secret]";

/**
 * A plaintext from birth to use: printing, serialising, inspecting or interpolating one yields `[secret]`.
 * `reveal()` is the only way out, and each place that calls it is listed in `test/architecture.test.ts`.
 * Strings made from the bytes cannot be wiped (JavaScript strings are immutable); the bytes can.
 */
export class Secret {
  #bytes: Uint8Array;

  /** Takes the bytes over: the caller keeps no other reference. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  static fromText(text: string): Secret {
    return new Secret(utf8(text));
  }

  /** The bytes themselves, not a copy: do not keep them beyond the statement that needs them. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** Length in bytes, which a ciphertext shows as well. */
  get length(): number {
    return this.#bytes.length;
  }

  /** In a time that tells nothing but the lengths. */
  equals(other: Secret): boolean {
    return equalBytes(this.#bytes, other.#bytes);
  }

  /** With bytes of its own: wiping one leaves the other. */
  copy(): Secret {
    return new Secret(this.#bytes.slice());
  }

  /** Puts another's bytes in the place of these, which are wiped, for whoever holds this. Takes the other's over. */
  renew(next: Secret): void {
    this.#bytes.fill(0);
    this.#bytes = next.#bytes;
  }

  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
