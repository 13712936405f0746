// One escape, of whatever notation. Which of them a text is written in is not asked: whoever hides a value under one is not bound to say so.

const [PERCENT, AMPERSAND, BACKSLASH] = [0x25, 0x26, 0x5c] as const;
/** What escapes begin with. */
export const LEADS = [PERCENT, AMPERSAND, BACKSLASH] as const;
const [HASH, SEMICOLON, OPEN, CLOSE, LARGE_U, LARGE_X, SMALL_U, SMALL_X] = [0x23, 0x3b, 0x7b, 0x7d, 0x55, 0x58, 0x75, 0x78] as const;

/** What `\n` and its like stand for. */
const LETTERS = new Map(Array.from("abtnvfre", (letter, index) => [letter.charCodeAt(0), [7, 8, 9, 10, 11, 12, 13, 27][index] ?? 0]));
/** HTML's names for ASCII characters, each with its character. */
const ENTITIES = new Map(
  "amp& AMP& lt< LT< gt> GT> quot\" QUOT\" apos' num# dollar$ percnt% ast* midast* lpar( rpar) plus+ comma, period. sol/ colon: semi; equals= quest? excl! commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] Hat^ lowbar_ UnderBar_ grave` lcub{ lbrace{ verbar| vert| rcub} rbrace}"
    .split(" ")
    .map((entry) => [entry.slice(0, -1), entry.charCodeAt(entry.length - 1)]),
);
const NAME_BYTES_MAX = 8;
/** Of a number, leading zeros among them. */
const DIGITS_MAX = 8;
const CODE_POINT_MAX = 0x10ffff;

/** What an escape is read as, in one number, for there may be very many: how many bytes it has, and the code point that it stands for. Above all of those: a byte. */
const LENGTH_UNIT = 0x400000;
export const LENGTH_SHIFT = 22;
export const CODE_MASK = LENGTH_UNIT - 1;
export const BYTE = 0x200000;
export const NO_ESCAPE = 0;

/** What stands there behind one of the leads. */
export function readEscape(text: Buffer, at: number): number {
  const lead = text[at];
  if (lead === PERCENT) return readPercent(text, at);
  return lead === BACKSLASH ? readBackslash(text, at) : readEntity(text, at);
}

/** RFC 3986 section 2.1, and JavaScript's old `escape`. */
function readPercent(text: Buffer, at: number): number {
  if (text[at + 1] === SMALL_U) return readUnit(text, at);
  const byte = hexAt(text, at + 1, 2);
  return byte < 0 ? NO_ESCAPE : 3 * LENGTH_UNIT + BYTE + byte;
}

/** JSON (RFC 8259 section 7), JavaScript, Python, C and shells. */
function readBackslash(text: Buffer, at: number): number {
  const kind = text[at + 1] ?? 0;
  if (kind === SMALL_U || kind === SMALL_X) {
    if (text[at + 2] === OPEN) return readNumber(text, at, 3, 16, CLOSE);
    if (kind === SMALL_U) return readUnit(text, at);
    const byte = hexAt(text, at + 2, 2);
    return byte < 0 ? NO_ESCAPE : 4 * LENGTH_UNIT + BYTE + byte;
  }
  if (kind === LARGE_U) {
    const code = hexAt(text, at + 2, 8);
    return code < 0 || code > CODE_POINT_MAX ? NO_ESCAPE : 10 * LENGTH_UNIT + code;
  }
  const octal = readOctal(text, at + 1);
  if (octal >= 0) return 4 * LENGTH_UNIT + BYTE + octal;
  const letter = LETTERS.get(kind);
  if (letter !== undefined) return 2 * LENGTH_UNIT + letter;
  return isPunctuation(kind) ? 2 * LENGTH_UNIT + kind : NO_ESCAPE;
}

/** HTML and XML. */
function readEntity(text: Buffer, at: number): number {
  if (text[at + 1] === HASH) {
    const isHex = text[at + 2] === SMALL_X || text[at + 2] === LARGE_X;
    return readNumber(text, at, isHex ? 3 : 2, isHex ? 16 : 10, SEMICOLON);
  }
  let end = at + 1;
  while (end <= at + NAME_BYTES_MAX && isLetter(text[end] ?? 0)) end += 1;
  const character = text[end] === SEMICOLON ? ENTITIES.get(text.toString("latin1", at + 1, end)) : undefined;
  return character === undefined ? NO_ESCAPE : (end + 1 - at) * LENGTH_UNIT + character;
}

/** Four digits behind two bytes: a UTF-16 unit, or with the next of its kind a pair of them. */
function readUnit(text: Buffer, at: number): number {
  const unit = hexAt(text, at + 2, 4);
  if (unit < 0) return NO_ESCAPE;
  const length = 6;
  const isFirstOfPair = unit >= 0xd800 && unit < 0xdc00 && text[at + length] === text[at] && text[at + length + 1] === SMALL_U;
  const second = isFirstOfPair ? hexAt(text, at + length + 2, 4) : -1;
  if (second >= 0xdc00 && second < 0xe000) return 2 * length * LENGTH_UNIT + 0x10000 + ((unit - 0xd800) << 10) + second - 0xdc00;
  return length * LENGTH_UNIT + unit;
}

/** A code point in digits behind `skipped` bytes, up to a byte that ends it. */
function readNumber(text: Buffer, at: number, skipped: number, radix: 10 | 16, end: number): number {
  let code = 0;
  for (let length = skipped; length <= skipped + DIGITS_MAX; length += 1) {
    if (text[at + length] === end) return length === skipped || code > CODE_POINT_MAX ? NO_ESCAPE : (length + 1) * LENGTH_UNIT + code;
    const digit = hexDigit(text[at + length] ?? 0);
    if (digit < 0 || digit >= radix) return NO_ESCAPE;
    code = code * radix + digit;
  }
  return NO_ESCAPE;
}

/** Three digits of a byte, or -1. */
function readOctal(text: Buffer, at: number): number {
  let byte = 0;
  for (let index = at; index < at + 3; index += 1) {
    const digit = (text[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return -1;
    byte = byte * 8 + digit;
  }
  return byte > 255 ? -1 : byte;
}

/** So many digits, or -1. */
function hexAt(text: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let index = at; index < at + digits; index += 1) {
    const digit = hexDigit(text[index] ?? 0);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const small = byte | 0x20;
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : -1;
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}

/** ASCII's. */
function isPunctuation(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && !(byte >= 0x30 && byte <= 0x39) && !isLetter(byte);
}
