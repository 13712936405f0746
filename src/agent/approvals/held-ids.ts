// What requests that wait are called: short enough to be typed, and none again soon, so that what was typed for one is never taken for another. A program that asks without end must not fill the memory with names.
import { randomInt } from "node:crypto";

/** Without letters and digits that look alike. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH = 5;
/** More than a program brings about within the time that a request waits. */
const KEPT_MAX = 262_144;

export class HeldIds {
  readonly #length: number;
  readonly #keptMax: number;
  /** The last ones, the oldest first. */
  readonly #given = new Set<string>();

  /** @param length in letters. @param keptMax how many are remembered: fewer than there are. */
  constructor(length: number = LENGTH, keptMax: number = KEPT_MAX) {
    this.#length = length;
    this.#keptMax = keptMax;
  }

  draw(): string {
    for (;;) {
      const id = Array.from({ length: this.#length }, () => LETTERS[randomInt(LETTERS.length)]).join("");
      if (this.#given.has(id)) continue;
      const [oldest] = this.#given;
      if (this.#given.size >= this.#keptMax && oldest !== undefined) this.#given.delete(oldest);
      this.#given.add(id);
      return id;
    }
  }
}
