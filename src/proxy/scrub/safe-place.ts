// Where a text may be cut: at bytes that no form of a value holds. All that comes behind the last such byte is held until more has come, whatever it is. So what
// a program sees held tells it of the text that it sees, and of no value: an earlier scrubber held what began a value, and told one to whoever had texts of
// their choice handed back. What values are like in general decides, and only that far: whether any has white space, and very roughly how long they are.
import { endsInBase64, INDENTATION_MAX } from "./base64-lines.ts";

export interface SafePlaces {
  /** How much is held where there is no such place. */
  readonly holdBytes: number;
  /** The end of the last of them from `from` on; undefined where there is none. @param isStartSafe whether the text begins at one. */
  findLast(text: Uint8Array, from: number, isStartSafe: boolean): number | undefined;
  /** The end of the first of them that can be told for one without what stands before the text; undefined where there is none up to `end`. */
  findFirst(text: Uint8Array, end: number): number | undefined;
}

/** Kinds of bytes. A kind of which some form has a byte where a text could be cut is none of a safe place. */
const [NONE, CONTROL, LINE_END, BLANK] = [0, 1, 2, 3] as const;
const [TAB, LF, CR, SPACE, COMMA, COLON] = [0x09, 0x0a, 0x0d, 0x20, 0x2c, 0x3a] as const;
/** NUL is none of them: ASCII in UTF-16 is full of it. */
const CONTROLS = Array.from({ length: SPACE }, (_none, byte) => byte).filter((byte) => ![0, TAB, LF, CR].includes(byte));
const HEX = new Uint8Array(256);
for (const digit of "0123456789ABCDEFabcdef") HEX[digit.charCodeAt(0)] = 1;

/** The longest that a byte becomes by escapes: of the value in two levels (`\u005c\u0075…`), and of any form in one. The longest form is three times as long as its value. */
const ESCAPED_BYTES_MAX = 12;
/** How much is held is one of a few amounts: nearly every run's is the first. */
const HOLD_BYTES = [8_192, 32_768, 131_072, 524_288, 2_097_152] as const;

/** @param forms what is looked for. */
export function makeSafePlaces(forms: readonly Uint8Array[]): SafePlaces {
  const kinds = new Uint8Array(256);
  for (const [kind, bytes] of [[CONTROL, CONTROLS], [LINE_END, [LF, CR]], [BLANK, [SPACE, TAB]]] as const) {
    const alone = new Uint8Array(256);
    for (const byte of bytes) alone[byte] = kind;
    const isHeld = forms.some((form) => findLast(alone, form.subarray(0, -1), 0, true) !== undefined);
    if (!isHeld) for (const byte of bytes) kinds[byte] = kind;
  }
  const spanMax = ESCAPED_BYTES_MAX * Math.max(0, ...forms.map(({ length }) => length));
  return {
    holdBytes: HOLD_BYTES.find((bytes) => bytes >= spanMax) ?? HOLD_BYTES[HOLD_BYTES.length - 1] ?? 0,
    findLast: (text, from, isStartSafe) => findLast(kinds, text, from, isStartSafe),
    findFirst(text, end) {
      for (let at = 0; at < end; at += 1) if (kinds[text[at] ?? 0] !== NONE && isSafe(kinds, text, at, false)) return at + 1;
      return undefined;
    },
  };
}

function findLast(kinds: Uint8Array, text: Uint8Array, from: number, isStartSafe: boolean): number | undefined {
  for (let at = text.length - 1; at >= from; at -= 1) if (kinds[text[at] ?? 0] !== NONE && isSafe(kinds, text, at, isStartSafe)) return at + 1;
  return undefined;
}

/** Whether no form reaches over the byte there. Where that hangs on bytes before the text, its start decides. */
function isSafe(kinds: Uint8Array, text: Uint8Array, at: number, isStartSafe: boolean): boolean {
  const kind = kinds[text[at] ?? 0];
  if (kind === LINE_END) return endsLine(text, at, isStartSafe);
  return kind === BLANK ? endsWord(text, at, isStartSafe) : kind === CONTROL;
}

/** Not so where base64 may go on in the next line. */
function endsLine(text: Uint8Array, at: number, isStartSafe: boolean): boolean {
  const base64 = endsInBase64(text, text[at] === LF && text[at - 1] === CR ? at - 1 : at);
  return base64 === "unknown" ? isStartSafe : !base64;
}

/** Not so within the indentation of such a line, nor behind two hexadecimal digits: bytes are written like that, with spaces between them. */
function endsWord(text: Uint8Array, at: number, isStartSafe: boolean): boolean {
  let end = at;
  while (end > 0 && at - end < INDENTATION_MAX && (text[end - 1] === SPACE || text[end - 1] === TAB)) end -= 1;
  if (at - end === INDENTATION_MAX) return true;
  const before = text[end - 1];
  if (before === LF || before === CR) return endsLine(text, end - 1, isStartSafe);
  if (before === COMMA || before === COLON) end -= 1;
  if (end < 2) return isStartSafe || (end === 1 && HEX[text[0] ?? 0] !== 1);
  return HEX[text[end - 1] ?? 0] !== 1 || HEX[text[end - 2] ?? 0] !== 1;
}
