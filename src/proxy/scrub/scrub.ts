// Takes values out of answers: wherever one of their forms stands, the child gets the placeholder. Nothing that it gets hangs on a part of a value.
import type { Grant } from "../grants/grant.ts";
import type { PatternSearch } from "./pattern-search.ts";
import { compileSearch } from "./pattern-search.ts";
import type { SafePlaces } from "./safe-place.ts";
import { makeSafePlaces } from "./safe-place.ts";
import { secretForms } from "./secret-forms.ts";

/** Scrubs one answer: its header values, its body in order, its trailers. */
export interface AnswerScrub {
  /** The parts of a head, names and values: one character for each byte (latin-1), as Node writes headers. */
  texts(parts: readonly Uint8Array[]): string[];
  /** What may go out now, as one piece: all up to the last safe place, or all but what a form may reach over. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** What was held back. */
  end(): readonly Uint8Array[];
  /** A body that is all there at once, in place of `push` and `end`. */
  whole(body: Uint8Array): Uint8Array;
  /** Names of the secrets that were met. */
  readonly met: ReadonlySet<string>;
}

export interface Scrubber {
  readonly openAnswer: () => AnswerScrub;
}

const EMPTY = new Uint8Array();
const NOTHING: readonly Uint8Array[] = [];
/** How far into a chunk a safe place is looked for that ends what is held, so that the chunk itself need not be copied. */
const JOINT_BYTES_MAX = 1_024;
/** Of what has gone out already, so much is kept before what has not, where the cut between them is no safe place: how a text reads may hang on what stands before it. */
const CONTEXT_BYTES = 256;

/** @param grants whose values are looked for. Undefined where there is nothing to look for. */
export function makeScrubber(grants: readonly Grant[]): Scrubber | undefined {
  const patterns = grants.flatMap((grant, owner) => secretForms(grant).map((bytes) => ({ bytes, owner })));
  if (patterns.length === 0) return undefined;
  const search = compileSearch(patterns);
  const places = makeSafePlaces(patterns.map(({ bytes }) => bytes));
  const owners = grants.map(({ name, placeholder }) => ({ name, placeholder: Buffer.from(placeholder, "latin1") }));
  return { openAnswer: () => new OpenScrub(search, places, owners) };
}

/** The scrubber for each set of secrets that go to one host, made when it is first asked for: what a host hands back is looked through for the secrets that may go there, and tells nothing of others. */
export function makeScrubbers(grants: readonly Grant[]): (ofHost: readonly Grant[]) => Scrubber | undefined {
  const made = new Map<string, Scrubber | undefined>();
  return (ofHost) => {
    const key = ofHost.map((grant) => grants.indexOf(grant)).join();
    if (!made.has(key)) made.set(key, makeScrubber(ofHost));
    return made.get(key);
  };
}

interface Owner {
  readonly name: string;
  readonly placeholder: Buffer;
}

class OpenScrub implements AnswerScrub {
  readonly met = new Set<string>();
  readonly #search: PatternSearch;
  readonly #places: SafePlaces;
  readonly #owners: readonly Owner[];
  /** What has not gone out, behind `#known` bytes that have. */
  #held: Uint8Array = EMPTY;
  #known = 0;

  constructor(search: PatternSearch, places: SafePlaces, owners: readonly Owner[]) {
    this.#search = search;
    this.#places = places;
    this.#owners = owners;
  }

  texts(parts: readonly Uint8Array[]): string[] {
    // One search over the whole head. What is met may be two parts that only stand together here: each is looked at by itself then.
    const head = Buffer.concat(parts);
    if (this.#search.find(head, 0) === undefined) return cutText(head.toString("latin1"), parts);
    return parts.map((part) => Buffer.concat(this.#replace(part, 0, part.length).out).toString("latin1"));
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const [held, known] = [this.#held, this.#known];
    if (held.length === 0) return this.#pass(chunk);
    const tail = held.subarray(-CONTEXT_BYTES);
    const joint = this.#places.findFirst(Buffer.concat([tail, chunk.subarray(0, JOINT_BYTES_MAX)]), tail.length);
    if (joint === undefined) return this.#pass(Buffer.concat([held, chunk]));
    const seam = Buffer.concat([held, chunk.subarray(0, joint - tail.length)]);
    const { out } = this.#replace(seam, known, seam.length);
    this.#hold(EMPTY, 0);
    return [...out, ...this.#pass(chunk.subarray(joint - tail.length))];
  }

  end(): readonly Uint8Array[] {
    return this.#replace(this.#held, this.#known, this.#held.length).out;
  }

  whole(body: Uint8Array): Uint8Array {
    const { out } = this.#replace(body, 0, body.length);
    const [first = body] = out;
    return out.length > 1 ? Buffer.concat(out) : first;
  }

  /** Passes on what may go of what is held, which the text is from now on, and holds the rest. */
  #pass(text: Uint8Array): readonly Uint8Array[] {
    const [known, { holdBytes }] = [this.#known, this.#places];
    const end = this.#places.findLast(text, known, known === 0);
    if (end > known) {
      const { out } = this.#replace(text.subarray(0, end), known, end);
      this.#hold(text.subarray(end), 0);
      return out;
    }
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

  #hold(held: Uint8Array, known: number): void {
    this.#held = held;
    this.#known = known;
  }

  /** The text from `from` up to `end`, or to the end of a form that begins before it, with placeholders for what stands there. */
  #replace(text: Uint8Array, from: number, end: number): { readonly out: Uint8Array[]; readonly next: number } {
    const out: Uint8Array[] = [];
    let next = from;
    for (;;) {
      const match = this.#search.find(text, next);
      if (match === undefined || match.start >= end) break;
      if (match.start > next) out.push(text.subarray(next, match.start));
      const owner = this.#owners[match.pattern.owner];
      if (owner !== undefined) {
        this.met.add(owner.name);
        out.push(owner.placeholder);
      }
      next = match.end;
    }
    if (end > next) out.push(text.subarray(next, end));
    return { out, next: Math.max(next, end) };
  }
}

/** The text cut where the parts that it was joined from end. */
function cutText(text: string, parts: readonly Uint8Array[]): string[] {
  let at = 0;
  return parts.map(({ length }) => text.slice(at, (at += length)));
}
