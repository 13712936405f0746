// Text that a person can see and tell from other text (FORMAT.md, "Conventions").

/**
 * Characters without an ink of their own, as of Unicode 17.0: controls, format characters, surrogates, private use, line and paragraph separators, all spaces
 * but U+0020, Default_Ignorable_Code_Point, noncharacters, and three that are drawn as nothing: U+2800, U+16FE4, U+1D159.
 * They could forge or hide text on a terminal or in a log, or make two names look the same. Spelt out: Unicode's own classes grow from year to year.
 */
const UNSEEN_RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x0000, 0x001f], [0x007f, 0x00a0], [0x00ad, 0x00ad], [0x034f, 0x034f], [0x0600, 0x0605], [0x061c, 0x061c], [0x06dd, 0x06dd], [0x070f, 0x070f],
  [0x0890, 0x0891], [0x08e2, 0x08e2], [0x115f, 0x1160], [0x1680, 0x1680], [0x17b4, 0x17b5], [0x180b, 0x180f], [0x2000, 0x200f], [0x2028, 0x202f],
  [0x205f, 0x206f], [0x2800, 0x2800], [0x3000, 0x3000], [0x3164, 0x3164], [0xd800, 0xf8ff], [0xfdd0, 0xfdef], [0xfe00, 0xfe0f], [0xfeff, 0xfeff],
  [0xffa0, 0xffa0], [0xfff0, 0xfffb], [0xfffe, 0xffff], [0x110bd, 0x110bd], [0x110cd, 0x110cd], [0x13430, 0x1343f], [0x16fe4, 0x16fe4],
  [0x1bca0, 0x1bca3], [0x1d159, 0x1d159], [0x1d173, 0x1d17a], [0x1fffe, 0x1ffff], [0x2fffe, 0x2ffff], [0x3fffe, 0x3ffff], [0x4fffe, 0x4ffff],
  [0x5fffe, 0x5ffff], [0x6fffe, 0x6ffff], [0x7fffe, 0x7ffff], [0x8fffe, 0x8ffff], [0x9fffe, 0x9ffff], [0xafffe, 0xaffff], [0xbfffe, 0xbffff],
  [0xcfffe, 0xcffff], [0xdfffe, 0xe0fff], [0xefffe, 0x10ffff],
];

const UNSEEN = new RegExp(`[${UNSEEN_RANGES.map(([first, last]) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`).join("")}]`, "u");

/** 1 to `lengthMax` UTF-16 units, all of which can be seen, without spaces at the ends. */
export function isVisibleText(text: string, lengthMax: number): boolean {
  return text.length > 0 && text.length <= lengthMax && !UNSEEN.test(text) && !text.startsWith(" ") && !text.endsWith(" ");
}

/** Visible text of which there is one spelling: in NFC, so that an accent is not written in two ways. */
export function isPlainName(text: string, lengthMax: number): boolean {
  return isVisibleText(text, lengthMax) && text.normalize("NFC") === text;
}
