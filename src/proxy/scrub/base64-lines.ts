// Base64 that is broken into lines, as in PEM files and mails: where a value that is encoded goes on in the next line.

/** Both alphabets, and padding. */
const BASE64 = new Uint8Array(256);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=") BASE64[character.charCodeAt(0)] = 1;
/** Such base64 has at least so many characters in each line (git and Ruby: 60, PEM: 64, MIME: 76). A line that ends in fewer of them ends what is in it. */
export const LINE_MIN = 56;
/** More white space than this at the beginning of a line is no indentation of it. */
export const INDENTATION_MAX = 64;
const [TAB, LF, CR, SPACE] = [0x09, 0x0a, 0x0d, 0x20] as const;

/** The bytes `[start, end)` between one line and the next. */
export interface LineBreak {
  readonly start: number;
  readonly end: number;
}

/** Whether the text up to `end` ends in a line of base64. `unknown`: in less than one, and there is nothing before it. */
export function endsInBase64(text: Uint8Array, end: number): boolean | "unknown" {
  for (let at = end - 1; at >= end - LINE_MIN; at -= 1) {
    if (at < 0) return "unknown";
    if (BASE64[text[at] ?? 0] !== 1) return false;
  }
  return true;
}

/** Whether the byte there lies in what may be such a line. */
export function liesInBase64(text: Uint8Array, at: number): boolean {
  let start = at;
  while (at - start < LINE_MIN && BASE64[text[start - 1] ?? 0] === 1) start -= 1;
  let end = at;
  while (end - start < LINE_MIN && BASE64[text[end] ?? 0] === 1) end += 1;
  return end - start >= LINE_MIN;
}

/** All breaks behind which base64 goes on. */
export function findLineBreaks(text: Buffer): readonly LineBreak[] {
  const breaks: LineBreak[] = [];
  for (let lineFeed = text.indexOf(LF, LINE_MIN); lineFeed >= 0; lineFeed = text.indexOf(LF, lineFeed + LINE_MIN)) {
    const start = text[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
    if (endsInBase64(text, start) !== true) continue;
    let end = lineFeed + 1;
    while (end - lineFeed <= INDENTATION_MAX && (text[end] === SPACE || text[end] === TAB)) end += 1;
    if (BASE64[text[end] ?? 0] === 1) breaks.push({ start, end });
  }
  return breaks;
}
