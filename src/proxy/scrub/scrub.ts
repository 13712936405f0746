// Takes values out of answers: wherever one of their forms stands, the child gets the placeholder.
import type { Grant } from "../grants/grant.ts";
import type { Pattern, PatternSearch } from "./pattern-search.ts";
import { compileSearch } from "./pattern-search.ts";
import { secretForms } from "./secret-forms.ts";

/** Scrubs one answer: its header values, its body in order, its trailers. */
export interface AnswerScrub {
  /** The parts of a head, names and values: one character for each byte (latin-1), as Node writes headers. */
  texts(parts: readonly Uint8Array[]): string[];
  /** What may go out now. Held back is only what begins a form, so an event goes out when it came in. */
  push(chunk: Uint8Array): Uint8Array[];
  /** What was held back. */
  end(): Uint8Array[];
  /** A body that is all there at once, in place of `push` and `end`. */
  whole(body: Uint8Array): Uint8Array;
  /** Says that the body is a part of something (206): a form cut off by an end of it is masked, since the next part would hold the rest. */
  expectPart(): void;
  /** Names of the secrets that were met. */
  readonly met: ReadonlySet<string>;
}

export interface Scrubber {
  readonly openAnswer: () => AnswerScrub;
}

const EMPTY = new Uint8Array();
/** A cut form is masked from this length on: fewer bytes tell next to nothing and stand everywhere. */
const CUT_BYTES_MIN = 4;
const MASK = 0x2a;

export function makeScrubber(grants: readonly Grant[]): Scrubber {
  const patterns: Pattern[] = grants.flatMap((grant, owner) => secretForms(grant).map((bytes) => ({ bytes, owner })));
  const search = compileSearch(patterns);
  const owners = grants.map(({ name, placeholder }) => ({ name, placeholder: Buffer.from(placeholder, "latin1") }));
  return { openAnswer: () => openAnswer(search, patterns, owners) };
}

interface Owner {
  readonly name: string;
  readonly placeholder: Buffer;
}

function openAnswer(search: PatternSearch, patterns: readonly Pattern[], owners: readonly Owner[]): AnswerScrub {
  const met = new Set<string>();
  let carry: Uint8Array = EMPTY;
  let isPart = false;
  /** The first bytes of a part wait here until there are enough of them to see whether they end a form. */
  let isAtStart = false;

  /** What of the text may go out, and what has to wait for more. */
  const replace = (text: Uint8Array, isLast: boolean): { readonly out: Uint8Array[]; readonly rest: Uint8Array } => {
    let hold = isLast ? text.length : search.findUnfinished(text, 0);
    const out: Uint8Array[] = [];
    let from = 0;
    for (;;) {
      const match = search.find(text, from);
      // A match from `hold` on may yet turn out to be the beginning of a longer one.
      if (match === undefined || match.start >= hold) break;
      if (match.start > from) out.push(text.subarray(from, match.start));
      const owner = owners[match.pattern.owner];
      if (owner !== undefined) {
        met.add(owner.name);
        out.push(owner.placeholder);
      }
      from = match.end;
      if (from > hold) hold = search.findUnfinished(text, from);
    }
    if (hold > from) out.push(text.subarray(from, hold));
    return { out, rest: text.subarray(Math.max(hold, from)) };
  };
  const replaceKnown = (text: Uint8Array): Uint8Array[] => {
    const { out, rest } = replace(text, false);
    carry = rest;
    return out;
  };

  const scrubText = (bytes: Uint8Array): string => {
    const isClean = search.find(bytes, 0) === undefined;
    return (isClean ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : Buffer.concat(replace(bytes, true).out)).toString("latin1");
  };

  return {
    met,
    texts(parts) {
      // One search over the whole head. What is met may be two parts that only stand together here: each is looked at by itself then.
      const head = Buffer.concat(parts);
      if (search.find(head, 0) !== undefined) return parts.map(scrubText);
      return cutText(head.toString("latin1"), parts);
    },
    push(chunk) {
      const text = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
      if (isAtStart && text.length < search.longest) {
        carry = text;
        return [];
      }
      if (!isAtStart) return replaceKnown(text);
      isAtStart = false;
      return replaceKnown(maskStart(text, patterns));
    },
    end() {
      if (!isPart) return replace(carry, true).out;
      const text = isAtStart ? maskWithin(maskStart(carry, patterns), patterns) : carry;
      const cut = search.findUnfinished(text, 0);
      return [...replace(text.subarray(0, cut), true).out, text.length - cut < CUT_BYTES_MIN ? text.subarray(cut) : mask(text.subarray(cut))];
    },
    whole(body) {
      if (isPart) return Buffer.concat([...this.push(body), ...this.end()]);
      return search.find(body, 0) === undefined ? body : Buffer.concat(replace(body, true).out);
    },
    expectPart() {
      isPart = true;
      isAtStart = search.longest > 0;
    },
  };
}

/** The text cut where the parts that it was joined from end. */
function cutText(text: string, parts: readonly Uint8Array[]): string[] {
  let at = 0;
  return parts.map(({ length }) => text.slice(at, (at += length)));
}

/** Masks the longest beginning of the text that is the end of a form, without being all of it. */
function maskStart(text: Uint8Array, patterns: readonly Pattern[]): Uint8Array {
  const whole = Buffer.from(text.buffer, text.byteOffset, text.length);
  const cut = patterns.reduce((longest, { bytes }) => {
    for (let length = Math.min(bytes.length - 1, text.length); length > longest && length >= CUT_BYTES_MIN; length -= 1) {
      if (whole.subarray(0, length).equals(bytes.subarray(bytes.length - length))) return length;
    }
    return longest;
  }, 0);
  return cut === 0 ? text : Buffer.concat([mask(whole.subarray(0, cut)), whole.subarray(cut)]);
}

/** Masks a text that lies inside a form altogether. */
function maskWithin(text: Uint8Array, patterns: readonly Pattern[]): Uint8Array {
  const isWithin = text.length >= CUT_BYTES_MIN && patterns.some(({ bytes }) => bytes.length > text.length && Buffer.from(bytes).includes(Buffer.from(text)));
  return isWithin ? mask(text) : text;
}

function mask(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.length).fill(MASK);
}
