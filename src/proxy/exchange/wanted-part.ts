// A part that a program asks for (RFC 9110 section 14), cut out of an answer that comes whole: at the ends of a part nobody could tell a value that is cut from other text. So the host is asked for all of
// it, that is looked through, and the program gets its part. Many clients take no whole for an answer: those of S3 write it once for each part, into one file, and those of Azure fail.
import { valuesIn } from "../http1/raw-head.ts";
import type { AnswerHead } from "../scrub/answer-head.ts";

export interface WantedPart {
  /** Undefined: so many bytes of the end. */
  readonly first: number | undefined;
  /** The last byte, or how many of the end. Undefined: all that follows. */
  readonly last: number | undefined;
  /** What the answer has to be for a part to be wanted: its `ETag`, or its date. */
  readonly condition: string | undefined;
}

/** What the child gets in the place of the whole. */
export interface SettledPart {
  readonly answer: AnswerHead;
  /** Undefined where there is no such part. */
  readonly cut: PartCut | undefined;
}

/** Azure's own name for the header comes before the other there. */
const RANGE_HEADERS = ["x-ms-range", "range"] as const;
const RANGE = /^bytes=(?<first>\d{1,15})?-(?<last>\d{1,15})?$/i;
/** They speak of the bytes of the whole, or of how long it is. */
const OF_WHOLE = /^(?:content-md5|content-digest|digest|content-length|x-amz-checksum-.*)$/i;

/** Undefined for one that a server may answer with the whole: several parts, another unit, another method. @param headers names and values alternate. */
export function findWantedPart(method: string, headers: readonly string[]): WantedPart | undefined {
  if (method !== "GET") return undefined;
  const [asked, ...more] = RANGE_HEADERS.map((name) => valuesIn(headers, name)).find(({ length }) => length > 0) ?? [];
  const groups = asked === undefined || more.length > 0 ? undefined : RANGE.exec(asked)?.groups;
  if (groups === undefined) return undefined;
  const [first, last] = [numberOf(groups["first"]), numberOf(groups["last"])];
  if (last === undefined ? first === undefined : first !== undefined && first > last) return undefined;
  const conditions = valuesIn(headers, "if-range");
  return conditions.length > 1 ? undefined : { first, last, condition: conditions[0] };
}

/** Undefined where the child gets the whole. */
export function settlePart({ first, last, condition }: WantedPart, { status, headers, body }: AnswerHead): SettledPart | undefined {
  const total = body.kind === "none" ? numberOf(valuesIn(headers, "content-length")[0]) : body.codings.length > 0 ? undefined : body.lengthBytes;
  if (status !== 200 || total === undefined || (condition !== undefined && !isSame(condition, headers))) return undefined;
  const from = first ?? Math.max(0, total - (last ?? 0));
  const to = first === undefined ? total - 1 : Math.min(last ?? total - 1, total - 1);
  const kept = headers.filter((_, at) => !OF_WHOLE.test(headers[at - (at % 2)] ?? ""));
  if (from > to) return { answer: { status: 416, headers: [...kept, "content-range", `bytes */${total}`, "content-length", "0"], body: { kind: "none" } }, cut: undefined };
  const lengthBytes = to - from + 1;
  return {
    answer: { status: 206, headers: [...kept, "content-range", `bytes ${from}-${to}/${total}`], body: { kind: "some", lengthBytes, codings: [] } },
    cut: new PartCut(from, lengthBytes, to === total - 1),
  };
}

/**
 * Takes a part out of a body that comes piece by piece. Where values were taken out of that, it may have another length than was said: the parts that fit do so by what the child would have got whole, and
 * the one that should be the last stays without its last byte.
 */
export class PartCut {
  readonly bytes: number;
  readonly #isLast: boolean;
  #skip: number;
  #missing: number;
  /** The last byte of all: it goes out once it is known to be that. */
  #held: Uint8Array | undefined;
  #hasMore = false;

  constructor(from: number, bytes: number, isLast: boolean) {
    this.bytes = bytes;
    this.#isLast = isLast;
    this.#skip = from;
    this.#missing = bytes;
  }

  /** Whether nothing of what follows is wanted, whatever it is. */
  get isOver(): boolean {
    return this.#missing === 0 && !this.#isLast;
  }

  take(pieces: readonly Uint8Array[]): Uint8Array[] {
    return pieces.flatMap((piece) => this.#take(piece));
  }

  /** The last of it, or undefined where the part is not what was said. */
  end(): Uint8Array[] | undefined {
    if (this.#missing > 0 || this.#hasMore) return undefined;
    return this.#held === undefined ? [] : [this.#held];
  }

  #take(piece: Uint8Array): Uint8Array[] {
    const from = Math.min(this.#skip, piece.length);
    const wanted = piece.subarray(from, from + this.#missing);
    this.#skip -= from;
    this.#missing -= wanted.length;
    if (from + wanted.length < piece.length) this.#hasMore = this.#isLast;
    if (wanted.length === 0 || this.#missing > 0 || !this.#isLast) return wanted.length === 0 ? [] : [wanted];
    this.#held = wanted.subarray(-1);
    return [wanted.subarray(0, -1)];
  }
}

/** Strong validators alone (RFC 9110 section 13.1.5). */
function isSame(condition: string, headers: readonly string[]): boolean {
  const name = condition.startsWith('"') ? "etag" : "last-modified";
  return valuesIn(headers, name).join() === condition;
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
