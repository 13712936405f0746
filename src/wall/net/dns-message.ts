// Messages of the domain name system (RFC 1035), as far as one needs them who knows no name but by asking nobody: one question in, one answer out.

export interface Question {
  /** To be sent back with the answer. */
  readonly id: number;
  readonly wantsRecursion: boolean;
  /** In lower case, without the root's dot; undefined where it holds what no host name does. */
  readonly name: string | undefined;
  readonly type: number;
  readonly isInternet: boolean;
  /** The bytes of the question, which come back as they are: some clients hide a check in the case of letters. */
  readonly bytes: Uint8Array;
  /** Whether the asker knows the larger messages of RFC 6891, and is to hear that we do. */
  readonly isExtended: boolean;
}

/** `drop`: no question at all, and nothing is to be sent back. `malformed` and `unknown-kind` are answered by a code alone. */
export type Inquiry = { readonly kind: "question"; readonly question: Question } | { readonly kind: "malformed" | "unknown-kind"; readonly id: number } | { readonly kind: "drop" };

/** RFC 1035 section 4.1.1. */
export type AnswerCode = 0 | 1 | 2 | 3 | 4;
export const [NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NAME_ERROR, NOT_IMPLEMENTED] = [0, 1, 2, 3, 4] as const satisfies readonly AnswerCode[];

export const ADDRESS_TYPE = 1;

const HEADER_BYTES = 12;
const NAME_BYTES_MAX = 255;
const LABEL_BYTES_MAX = 63;
const [IS_ANSWER, AUTHORITATIVE, RECURSION_DESIRED, RECURSION_AVAILABLE] = [0x8000, 0x0400, 0x0100, 0x0080];
const [INTERNET, ANY_CLASS] = [1, 255];
/** The root's name and OPT, as an extended question ends. */
const OPT_START = [0, 0, 41];
/** OPT of version 0, for messages of up to 1232 bytes. */
const OPT = Uint8Array.of(0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0);
const LETTERS = /^[a-z0-9_-]+$/;

/** @param bytes whatever somebody has sent. */
export function readInquiry(bytes: Uint8Array): Inquiry {
  if (bytes.length < HEADER_BYTES) return { kind: "drop" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [id, flags] = [view.getUint16(0), view.getUint16(2)];
  if ((flags & IS_ANSWER) !== 0) return { kind: "drop" };
  if ((flags & 0x7800) !== 0) return { kind: "unknown-kind", id };
  const read = view.getUint16(4) === 1 ? readName(bytes) : undefined;
  if (read === undefined || read.end + 4 > bytes.length) return { kind: "malformed", id };
  const [type, group, end] = [view.getUint16(read.end), view.getUint16(read.end + 2), read.end + 4];
  const isExtended = view.getUint16(6) === 0 && view.getUint16(8) === 0 && OPT_START.every((byte, index) => bytes[end + index] === byte);
  return { kind: "question", question: { id, wantsRecursion: (flags & RECURSION_DESIRED) !== 0, name: read.name, type, isInternet: group === INTERNET || group === ANY_CLASS, bytes: bytes.slice(HEADER_BYTES, end), isExtended } };
}

/** The labels behind the header. A question's own name stands in full: there is nothing before it to point to. */
function readName(bytes: Uint8Array): { readonly name: string | undefined; readonly end: number } | undefined {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; ; ) {
    const length = bytes[at];
    if (length === undefined || length > LABEL_BYTES_MAX || at + 1 + length - HEADER_BYTES > NAME_BYTES_MAX) return undefined;
    const next = at + 1 + length;
    if (length === 0) return { name: labels.length > 0 && labels.every((label) => LETTERS.test(label)) ? labels.join(".") : undefined, end: next };
    labels.push(Buffer.from(bytes.subarray(at + 1, next)).toString("latin1").toLowerCase());
    at = next;
  }
}

/** @param address four bytes, where the answer is one. @param seconds how long it may be kept. */
export function formatAnswer({ id, wantsRecursion, bytes, isExtended }: Question, code: AnswerCode, address?: Uint8Array, seconds = 0): Uint8Array {
  const records = address === undefined ? [] : [recordOf(address, seconds)];
  const header = headerOf(id, code, { recursion: wantsRecursion, counts: [1, records.length, 0, isExtended ? 1 : 0] });
  return Buffer.concat([header, bytes, ...records, ...(isExtended ? [OPT] : [])]);
}

/** For what was no question that could be read. */
export function formatFailure(id: number, code: AnswerCode): Uint8Array {
  return headerOf(id, code, { recursion: false, counts: [0, 0, 0, 0] });
}

function headerOf(id: number, code: AnswerCode, { recursion, counts }: { readonly recursion: boolean; readonly counts: readonly number[] }): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setUint16(0, id);
  view.setUint16(2, IS_ANSWER | AUTHORITATIVE | RECURSION_AVAILABLE | (recursion ? RECURSION_DESIRED : 0) | code);
  for (const [index, count] of counts.entries()) view.setUint16(4 + 2 * index, count);
  return new Uint8Array(view.buffer);
}

/** An address for the name of the question, which a pointer stands for (RFC 1035 section 4.1.4). */
function recordOf(address: Uint8Array, seconds: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12));
  for (const [index, value] of [0xc000 | HEADER_BYTES, ADDRESS_TYPE, INTERNET].entries()) view.setUint16(2 * index, value);
  view.setUint32(6, seconds);
  view.setUint16(10, address.length);
  return Buffer.concat([new Uint8Array(view.buffer), address]);
}
