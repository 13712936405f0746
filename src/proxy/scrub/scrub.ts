// Takes values out of answers: wherever one of their forms stands, the child gets the placeholder. Nothing that it gets hangs on a part of a value.
import type { Secret } from "../../secret.ts";
import { partsOf } from "../grants/aws-credentials.ts";
import type { Grant } from "../grants/grant.ts";
import type { DeepSearch } from "./deep-search.ts";
import { compileDeepSearch } from "./deep-search.ts";
import type { HoldRules, Replaced } from "./held-body.ts";
import { HeldBody } from "./held-body.ts";
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
  /** For what is inside the body and goes nowhere: it is looked through alone, and what is met there is met here. */
  openInside(): AnswerScrub;
  /** Names of the secrets that were met. */
  readonly met: ReadonlySet<string>;
}

export interface Scrubber {
  readonly openAnswer: () => AnswerScrub;
}

const EMPTY = new Uint8Array();

/** @param grants whose values are looked for. Undefined where there is nothing to look for. */
export function makeScrubber(grants: readonly Grant[]): Scrubber | undefined {
  const living = grants.flatMap(({ scrub, living: value }) => (scrub === false || value === undefined ? [] : [value]));
  const sought = compile(grants);
  if (sought === undefined && living.length === 0) return undefined;
  // What is under way looks for new values too, before they go out: a host could hand one back in an answer that has begun long before.
  const current = sought ?? { ...NOTHING_SOUGHT };
  for (const value of living) value.onRenewed(() => { Object.assign(current, compile(grants)); });
  const owners = grants.map(({ name, placeholder }) => ({ name, placeholder: Buffer.from(placeholder, "latin1") }));
  return { openAnswer: () => openAnswer(current, owners, new Set()) };
}

/** What answers are looked through for. Of values that change, its parts do. */
interface Sought extends HoldRules {
  readonly search: DeepSearch;
}

const NOTHING_SOUGHT: Sought = { search: () => [], places: makeSafePlaces([]), shortestBytes: Infinity };

/** Undefined where there is nothing to look for. */
function compile(grants: readonly Grant[]): Sought | undefined {
  const forms = grants.flatMap((grant, owner) => (grant.scrub === false ? [] : valuesOf(grant).flatMap((value) => secretForms({ value }))).map((bytes) => ({ bytes, owner })));
  if (forms.length === 0) return undefined;
  return { search: compileDeepSearch(forms), places: makeSafePlaces(forms.map(({ bytes }) => bytes)), shortestBytes: Math.min(...forms.map(({ bytes }) => bytes.length)) };
}

function valuesOf({ value, living, signs }: Grant): readonly Secret[] {
  const values = living === undefined ? [value] : [value, ...living.earlier()];
  return signs === undefined ? values : values.flatMap(partsOf);
}

/** The scrubber for each set of secrets that go to one host, made when it is first asked for: what a host hands back is looked through for the secrets that may go there, and tells nothing of others. */
export function makeScrubbers(grants: readonly Grant[]): (ofHost: readonly Grant[]) => Scrubber | undefined {
  const made = new Map<string, Scrubber | undefined>();
  // A connection's requests all ask with one list.
  const known = new WeakMap<readonly Grant[], Scrubber | undefined>();
  const find = (ofHost: readonly Grant[]): Scrubber | undefined => {
    const key = ofHost.map((grant) => grants.indexOf(grant)).join();
    if (!made.has(key)) made.set(key, makeScrubber(ofHost));
    const scrubber = made.get(key);
    known.set(ofHost, scrubber);
    return scrubber;
  };
  return (ofHost) => known.get(ofHost) ?? find(ofHost);
}

interface Owner {
  readonly name: string;
  readonly placeholder: Buffer;
}

function openAnswer(sought: Sought, owners: readonly Owner[], met: Set<string>): AnswerScrub {
  const replace = (text: Uint8Array, from: number, end: number): Replaced => {
    const out: Uint8Array[] = [];
    let next = from;
    for (const { owner, start, end: last } of sought.search(text)) {
      if (start < next) continue;
      if (start >= end) break;
      if (start > next) out.push(text.subarray(next, start));
      const { name = "", placeholder = EMPTY } = owners[owner] ?? {};
      met.add(name);
      out.push(placeholder);
      next = last;
    }
    if (end > next) out.push(next === 0 && end === text.length ? text : text.subarray(next, end));
    return { out, next: Math.max(next, end) };
  };
  const body = new HeldBody(sought, replace);

  return {
    met,
    texts(parts) {
      // One search over the whole head, with a byte between its parts that nothing reaches over.
      const head = joinParts(parts);
      if (sought.search(head).length === 0) return cutText(head.toString("latin1"), parts);
      head.fill(0);
      return parts.map((part) => Buffer.concat(replace(part, 0, part.length).out).toString("latin1"));
    },
    openInside: () => openAnswer(sought, owners, met),
    push: (chunk) => body.push(chunk),
    end: () => body.end(),
    whole(bytes) {
      const { out } = replace(bytes, 0, bytes.length);
      const [first = bytes] = out;
      return out.length > 1 ? Buffer.concat(out) : first;
    },
  };
}

/** Heads are joined here, one after the other: few are longer, and memory of its own for each would be dear. */
const JOINT = Buffer.allocUnsafeSlow(8_192);

/** The parts one after the other, with NUL behind each. Good until the next call. */
function joinParts(parts: readonly Uint8Array[]): Buffer {
  let length = parts.length;
  for (const part of parts) length += part.length;
  const whole = length > JOINT.length ? Buffer.allocUnsafeSlow(length) : JOINT.subarray(0, length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
    whole[at] = 0;
    at += 1;
  }
  return whole;
}

/** The text cut into the parts again. */
function cutText(text: string, parts: readonly Uint8Array[]): string[] {
  let at = 0;
  return parts.map(({ length }) => text.slice(at, (at += length + 1) - 1));
}
