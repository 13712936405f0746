// FORMAT.md, "Conventions": which characters of a text can be seen. The intervals stand here as hexadecimal text, as the page has them.
import { text } from "./grammar.ts";
import type { Form } from "./grammar.ts";

const HIDDEN = `
0000-001F 007F-00A0 00AD 034F 0600-0605 061C 06DD 070F 0890-0891 08E2 115F-1160 1680 17B4-17B5 180B-180F 2000-200F 2028-202F 205F-206F 2800 3000 3164
D800-F8FF FDD0-FDEF FE00-FE0F FEFF FFA0 FFF0-FFFB FFFE-FFFF 110BD 110CD 13430-1343F 16FE4 1BCA0-1BCA3 1D159 1D173-1D17A
1FFFE-1FFFF 2FFFE-2FFFF 3FFFE-3FFFF 4FFFE-4FFFF 5FFFE-5FFFF 6FFFE-6FFFF 7FFFE-7FFFF 8FFFE-8FFFF 9FFFE-9FFFF AFFFE-AFFFF BFFFE-BFFFF CFFFE-CFFFF
DFFFE-E0FFF EFFFE-10FFFF`;

const intervals = HIDDEN.trim().split(/\s+/).map((interval) => {
  const [first = "", last = first] = interval.split("-");
  return [Number.parseInt(first, 16), Number.parseInt(last, 16)] as const;
});

/** Iterating gives whole code points, so that only a lone surrogate shows up as one. */
export function isVisible(candidate: string, most: number): boolean {
  if (candidate.length < 1 || candidate.length > most || candidate.at(0) === " " || candidate.at(-1) === " ") return false;
  return Array.from(candidate, (character) => character.codePointAt(0) ?? 0).every((point) => !intervals.some(([first, last]) => point >= first && point <= last));
}

export const visibleText = (most: number): Form<string> => text((candidate) => isVisible(candidate, most));

/** Names of workspaces and groups. */
export const composedText = (most: number): Form<string> => text((candidate) => isVisible(candidate, most) && candidate === candidate.normalize("NFC"));
