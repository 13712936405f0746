// Reads the lines of records ten times faster than parsing and writing them again does: a vault may hold 10,000.
import { isTime } from "./json-shape.ts";
import type { SecretOutline, SecretRecord, SecretTerms } from "./record.ts";
import { encodeTerms, isSecretName, parseTerms, VALUE_BYTES_MAX } from "./record.ts";
import { parseShallowJson } from "./shallow-json.ts";
import { VaultError } from "../errors.ts";

/** Looked at more closely afterwards: an expression that counts, or that knows where padding stands, takes three times as long. */
const BASE64 = "([A-Za-z0-9+/=]*)";
const TAG_BYTES = 16;

const TIME = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z";
/** Where a time's month and its day begin. */
const MONTH_START = "2026-".length;
const DAY_START = "2026-01-".length;

// The terms are taken as a whole, up to a mark that no string of JSON can hold, and judged once for each text.
const LINE = new RegExp(
  `^    \\{"id":"${BASE64}","name":"([A-Za-z_][A-Za-z0-9_.-]{0,127})",("scope":.*?,"rules":(?:null|\\{.*?\\})),"version":([1-9][0-9]{0,8}),"createdAt":"(${TIME})","updatedAt":"(${TIME})",`
  + `"dek":\\{"nonce":"${BASE64}","ciphertext":"${BASE64}"\\},"value":\\{"nonce":"${BASE64}","commitment":"${BASE64}","ciphertext":"${BASE64}"\\}\\},?$`,
);

/** What stands before a name in every canonical line, behind `    {"id":"` and an id of 24 characters. */
const NAME_MARK = '","name":"';
const NAME_MARK_START = '    {"id":"'.length + 24;

const REMEMBERED_MAX = 1024;

/** Reads lines of one file: most of their terms are the same few texts. */
export interface LineReader {
  /** The record of a canonical line, with or without a comma behind it; undefined says nothing about any other line. */
  findRecord(line: string): SecretRecord | undefined;
  /** What a list shows of it, after the same look at all of the line. */
  findOutline(line: string): SecretOutline | undefined;
}

export function makeLineReader(): LineReader {
  const termsOf = remember(findTerms);
  return {
    findOutline(line) {
      const match = findParts(line);
      // By their places: to take a list apart costs as much as finding it.
      const terms = match === undefined ? undefined : termsOf(match[3] ?? "");
      return terms === undefined ? undefined : { id: match?.[1] ?? "", name: match?.[2] ?? "", terms };
    },
    findRecord(line) {
      const match = findParts(line);
      const terms = match === undefined ? undefined : termsOf(match[3] ?? "");
      if (match === undefined || terms === undefined) return undefined;
      const [, id = "", name = "", , version, createdAt = "", updatedAt = "", dekNonce = "", dek = "", nonce = "", commitment = "", ciphertext = ""] = match;
      const { scope, groups, service, hosts, places, allowPrivate, scrub, placeholder, source, rules } = terms;
      return {
        id, name, scope, groups, service, hosts, places, allowPrivate, scrub, placeholder, source, rules, version: Number(version), createdAt, updatedAt,
        dek: { nonce: dekNonce, ciphertext: dek }, value: { nonce, commitment, ciphertext },
      };
    },
  };
}

/** The parts of a line in which everything is right but, perhaps, its terms. */
function findParts(line: string): RegExpExecArray | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, id = "", , , , createdAt = "", updatedAt = "", dekNonce = "", dek = "", nonce = "", commitment = "", ciphertext = ""] = match;
  const isRight = byteLength(id) === 16 && isDay(createdAt) && isDay(updatedAt) && byteLength(dekNonce) === 24 && byteLength(dek) === 48 && byteLength(nonce) === 24 && byteLength(commitment) === 32;
  const valueBytes = byteLength(ciphertext) - TAG_BYTES;
  return isRight && valueBytes >= 1 && valueBytes <= VALUE_BYTES_MAX ? match : undefined;
}

/** How many bytes a text of the alphabet and `=` encodes; NaN for one that is not canonical base64. */
function byteLength(text: string): number {
  const { length } = text;
  if (length % 4 !== 0) return NaN;
  const padding = text.indexOf("=");
  if (padding < 0) return (length / 4) * 3;
  // The last character before the padding holds four or two bits that are zero.
  if (padding === length - 1) return LAST_OF_TWO.includes(text.charAt(padding - 1)) ? (length / 4) * 3 - 1 : NaN;
  return padding === length - 2 && text.endsWith("=") && LAST_OF_ONE.includes(text.charAt(padding - 1)) ? (length / 4) * 3 - 2 : NaN;
}

const LAST_OF_TWO = "AEIMQUYcgkosw048";
const LAST_OF_ONE = "AQgw";

/**
 * The canonical lines of this name, without a look at any others.
 *
 * @param bytes of lines that each end in LF.
 */
export function findLinesNamed(bytes: Uint8Array, name: string): { readonly text: string; readonly isLast: boolean }[] {
  if (!isSecretName(name)) return [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = `${NAME_MARK}${name}",`;
  const lines: { text: string; isLast: boolean }[] = [];
  for (let at = buffer.indexOf(mark); at >= 0; at = buffer.indexOf(mark, at + mark.length)) {
    const start = at - NAME_MARK_START;
    if (start !== 0 && buffer[start - 1] !== LF) continue;
    const end = buffer.indexOf(LF, at);
    lines.push({ text: buffer.toString("utf8", start, end), isLast: end === buffer.length - 1 });
  }
  return lines;
}

const LF = 0x0a;

/** Of a text in the form of a time: whether its month has that day. A `Date` is asked for the last of February alone. */
function isDay(time: string): boolean {
  const day = time.slice(DAY_START, DAY_START + 2);
  if (day < "29") return true;
  const month = time.slice(MONTH_START, MONTH_START + 2);
  return month === "02" ? isTime(time) : day < "31" || !SHORT_MONTHS.includes(month);
}

const SHORT_MONTHS = ["04", "06", "09", "11"];

/** The terms of a text that is just what a writer would write. */
function findTerms(text: string): SecretTerms | undefined {
  const terms = parseTerms(parseShallowJson(`{${text}}`) as Readonly<Record<string, unknown>>, "a secret");
  return JSON.stringify(encodeTerms(terms)) === `{${text}}` ? terms : undefined;
}

/** Remembers what a text gave, undefined where it was refused. */
function remember<T>(parse: (text: string) => T | undefined): (text: string) => T | undefined {
  const known = new Map<string, T | undefined>();
  return (text) => {
    const value = known.get(text);
    if (value !== undefined || known.has(text)) return value;
    const parsed = tryParse(parse, text);
    if (known.size < REMEMBERED_MAX) known.set(text, parsed);
    return parsed;
  };
}

function tryParse<T>(parse: (text: string) => T | undefined, text: string): T | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return undefined;
  }
}
