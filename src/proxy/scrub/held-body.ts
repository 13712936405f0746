// What of a body may go out, chunk by chunk, and what is held: all behind the last safe place, and where there is none, as much as a form may take. No byte of a value has a say in that.
//
// Nothing goes out for having waited long: a host that hands a value out in halves, with a pause between them, would have it go through. So a text without ends of lines or words
// leaves in pieces of some kilobytes, and its last piece with its end.
import type { SafePlaces } from "./safe-place.ts";

export interface HoldRules {
  readonly places: SafePlaces;
  /** In less than this stands no form. */
  readonly shortestBytes: number;
}

export interface Replaced {
  readonly out: readonly Uint8Array[];
  /** Where the text goes on: the end that was asked for, or that of a form which stands across it. */
  readonly next: number;
}

/** A text from `from` up to `end`, or to the end of a form that begins before it, with placeholders for what stands there. */
export type Replace = (text: Uint8Array, from: number, end: number) => Replaced;

const EMPTY = new Uint8Array();
const NOTHING: readonly Uint8Array[] = [];
/** How far into a chunk a safe place is looked for that ends what is held, so that the chunk itself need not be copied. */
const JOINT_BYTES_MAX = 256;
/** How far back a safe place is looked for in a text. Where it is further, the text is dense, and held by the amount. */
const LAST_BYTES_MAX = 1_024;
/** Of what has gone out already, so much is kept before what has not, where the cut between them is no safe place: how a text reads may hang on what stands before it. */
const CONTEXT_BYTES = 256;

export class HeldBody {
  readonly #rules: HoldRules;
  readonly #replace: Replace;
  /** What has not gone out, behind `#known` bytes that have. */
  #held: Uint8Array = EMPTY;
  #known = 0;

  constructor(rules: HoldRules, replace: Replace) {
    this.#rules = rules;
    this.#replace = replace;
  }

  /** What may go out now: one piece, in parts. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const [held, known, { places, shortestBytes }] = [this.#held, this.#known, this.#rules];
    if (held.length === 0) return this.#pass(chunk, 0, 0);
    const joint = places.findFirst(chunk, Math.min(chunk.length, JOINT_BYTES_MAX));
    if (joint === undefined) return this.#pass(Buffer.concat([held, chunk]), held.length, known);
    // Mostly it is a word that was cut in two, and shorter than any form.
    if (known === 0 && held.length + joint < shortestBytes) return [held, ...this.#passUpTo(this.#findLast(chunk, joint, false) ?? joint, chunk, 0)];
    const seam = Buffer.concat([held, chunk.subarray(0, joint)]);
    const { out } = this.#replace(seam, known, seam.length);
    return [...out, ...this.#pass(chunk.subarray(joint), 0, 0)];
  }

  /** All that is held. */
  end(): readonly Uint8Array[] {
    const [held, known] = [this.#held, this.#known];
    this.#hold(EMPTY, 0);
    return this.#replace(held, known, held.length).out;
  }

  /** Passes on what may go of a text, and holds the rest. @param looked up to where it has no safe place. @param known up to where it has gone out. */
  #pass(text: Uint8Array, looked: number, known: number): readonly Uint8Array[] {
    const end = this.#findLast(text, looked, known === 0);
    if (end !== undefined) return this.#passUpTo(end, text, known);
    const { holdBytes } = this.#rules.places;
    // Not at every chunk, lest all that is held be looked through each time.
    if (text.length - known < 2 * holdBytes) {
      this.#hold(text, known);
      return NOTHING;
    }
    const { out, next } = this.#replace(text, known, text.length - holdBytes);
    const start = Math.max(0, next - CONTEXT_BYTES);
    this.#hold(text.subarray(start), next - start);
    return out;
  }

  #passUpTo(end: number, text: Uint8Array, known: number): readonly Uint8Array[] {
    this.#hold(text.subarray(end), 0);
    return this.#replace(text.subarray(0, end), known, end).out;
  }

  #findLast(text: Uint8Array, from: number, isStartSafe: boolean): number | undefined {
    return this.#rules.places.findLast(text, Math.max(from, text.length - LAST_BYTES_MAX), isStartSafe);
  }

  #hold(held: Uint8Array, known: number): void {
    this.#held = held;
    this.#known = known;
  }
}
