// How placeholders of one vault are known for such, even those of secrets that a run knows nothing of: their last characters follow from the ones before, by a key of the vault.
import { hmacSha256 } from "../../vault/derive.ts";
import type { Alphabet } from "../../vault/placeholder-template.ts";
import { ALPHABETS } from "../../vault/placeholder-template.ts";
import { utf8 } from "../../bytes.ts";

/** Says whether a placeholder of the vault stands in a text, whatever secret it is of. */
export type StrayTest = (text: string) => boolean;

/** Somebody else's token passes for a placeholder once in 10^13. Who does not hold the key cannot tell the check from any other characters: a placeholder is no easier to guess for it. */
const CHECK_BITS = 46;
/** Fewer characters hold no 128 bits of any alphabet. */
const LENGTH_MIN = Math.min(...Object.values(ALPHABETS).map(({ leastCount }) => leastCount));
/** A key, with the separators that may stand within. */
const WORD = new RegExp(`[A-Za-z0-9_.:-]{${LENGTH_MIN},}`, "g");
/** Those of unregistered secrets, of whatever vault, say what they are. */
const TELLING = /vault_ph_[A-Za-z0-9]{22}/;
/** In one header: a long cookie may have many words, and the child pays for them. */
const CANDIDATES_MAX = 64;
/** A program sends the same credentials over and over. */
const REMEMBERED_MAX = 64;
const REMEMBERED_LENGTH_MAX = 1024;

/**
 * The check for a row of drawn characters, to stand in place of as many at its end.
 *
 * @param drawn ends in the 128 bits that are of the alphabet.
 */
export function checkOf(drawn: string, alphabet: Alphabet, key: Uint8Array): string {
  const count = Math.ceil(CHECK_BITS / Math.log2(alphabet.characters.length));
  return drawText(key, `check ${alphabet.name} ${drawn.slice(-alphabet.leastCount, -count)}`, alphabet, count);
}

/** Characters that follow from a key and a message (HMAC-SHA256 of message and counter), each of the alphabet as likely as any other. */
export function drawText(key: Uint8Array, message: string, { characters }: Alphabet, count: number): string {
  // Bytes from the last multiple on are left out.
  const unbiased = 256 - (256 % characters.length);
  let text = "";
  for (let block = 0; ; block += 1) {
    for (const byte of hmacSha256(key, utf8(`${message} ${block}`))) {
      if (text.length === count) return text;
      if (byte < unbiased) text += characters.charAt(byte % characters.length);
    }
  }
}

/** @param key as `mintPlaceholder` was given. It tells placeholders from other texts, and nothing of the keys that they are made of. */
export function makeStrayTest(key: Uint8Array): StrayTest {
  const remembered = new Map<string, boolean>();
  return (text) => {
    if (text.length < LENGTH_MIN) return false;
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const isStray = TELLING.test(text) || candidatesIn(text).some((characters) => hasCheck(characters, key));
    if (text.length <= REMEMBERED_LENGTH_MAX) {
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      remembered.set(text, isStray);
    }
    return isStray;
  };
}

/** What stands before each separator and at each end, separators left out: `user:KEY:more` has the key in the second of three. */
function candidatesIn(text: string): string[] {
  const found: string[] = [];
  for (const [word] of text.matchAll(WORD)) {
    let characters = "";
    for (const part of word.split(/[_.:-]+/)) {
      characters += part;
      if (part !== "" && characters.length >= LENGTH_MIN) found.push(characters);
      if (found.length === CANDIDATES_MAX) return found;
    }
  }
  return found;
}

function hasCheck(characters: string, key: Uint8Array): boolean {
  return Object.values(ALPHABETS).some((alphabet) => {
    const row = characters.slice(-alphabet.leastCount);
    return row.length === alphabet.leastCount && OF_ALPHABET[alphabet.name]?.test(row) === true && row.endsWith(checkOf(row, alphabet, key));
  });
}

const OF_ALPHABET: Readonly<Record<string, RegExp>> = Object.fromEntries(Object.values(ALPHABETS).map(({ name }) => [name, new RegExp(`^[${name}]*$`)]));
