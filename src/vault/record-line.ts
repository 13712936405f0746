// Reads the lines of records ten times faster than parsing and writing them again does: a vault may hold 10,000.
import { isTime } from "./json-shape.ts";
import type { SecretMetadata, SecretOutline, SecretRecord, SecretRules } from "./record.ts";
import { encodeRules, isSecretName, parseRules, VALUE_BYTES_MAX } from "./record.ts";
import { parseShallowJson } from "./shallow-json.ts";
import { VaultError } from "../errors.ts";

const CHAR = "[A-Za-z0-9+/]";
// The last character before the padding holds four or two bits that are zero in canonical base64.
const BYTES_16 = `${CHAR}{21}[AQgw]==`;
const BYTES_24 = `${CHAR}{32}`;
const BYTES_32 = `${CHAR}{42}[AEIMQUYcgkosw048]=`;
const BYTES_48 = `${CHAR}{64}`;
const BYTES_ANY = `(?:${CHAR}{4})*(?:${CHAR}[AQgw]==|${CHAR}{2}[AEIMQUYcgkosw048]=)?`;
const TAG_BYTES = 16;

const TIME = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z";
/** Where a time's day begins. Up to the 28th, every month has it. */
const DAY_START = "2026-01-".length;

// The rules are taken as a whole, up to a mark that no string of JSON can hold, and judged once for each text.
const NAME_AND_RULES = '"name":"([A-Za-z_][A-Za-z0-9_.-]{0,127})",("scope":.*?,"allowPrivate":(?:true|false)),"version":';
const OUTLINE_LINE = new RegExp(`^    \\{"id":"${BYTES_16}",${NAME_AND_RULES}`);
const METADATA = `^    \\{"id":"(${BYTES_16})",${NAME_AND_RULES}([1-9][0-9]{0,8}),"createdAt":"(${TIME})","updatedAt":"(${TIME})",`;
const METADATA_LINE = new RegExp(METADATA);
const LINE = new RegExp(`${METADATA}"dek":\\{"nonce":"(${BYTES_24})","ciphertext":"(${BYTES_48})"\\},"value":\\{"nonce":"(${BYTES_24})","commitment":"(${BYTES_32})","ciphertext":"(${BYTES_ANY})"\\}\\},?$`);

/** What stands before a name in every canonical line, behind `    {"id":"` and an id of 24 characters. */
const NAME_MARK = '","name":"';
const NAME_MARK_START = '    {"id":"'.length + 24;

const REMEMBERED_MAX = 1024;

/** Reads lines of one file: most of their rules are the same few texts. */
export interface LineReader {
  /** The record of a canonical line, with or without a comma behind it; undefined says nothing about any other line. */
  findRecord(line: string): SecretRecord | undefined;
  /** The same, with no look at the sealed part. */
  findMetadata(line: string): SecretMetadata | undefined;
  /** The same, with no look at anything that a list does not show. */
  findOutline(line: string): SecretOutline | undefined;
}

export function makeLineReader(): LineReader {
  const rulesOf = remember(findRules);
  const metadataOf = ([, id = "", name = "", rulesText = "", version, createdAt = "", updatedAt = ""]: RegExpExecArray): SecretMetadata | undefined => {
    const rules = rulesOf(rulesText);
    if (rules === undefined || !isDay(createdAt) || !isDay(updatedAt)) return undefined;
    const { scope, groups, service, hosts, places, allowPrivate } = rules;
    return { id, name, scope, groups, service, hosts, places, allowPrivate, version: Number(version), createdAt, updatedAt };
  };
  return {
    findOutline(line) {
      const match = OUTLINE_LINE.exec(line);
      // By their places: to take a list apart costs as much as finding it.
      const rules = match === null ? undefined : rulesOf(match[2] ?? "");
      return rules === undefined ? undefined : { name: match?.[1] ?? "", rules };
    },
    findMetadata(line) {
      const match = METADATA_LINE.exec(line);
      return match === null ? undefined : metadataOf(match);
    },
    findRecord(line) {
      const match = LINE.exec(line);
      const metadata = match === null ? undefined : metadataOf(match);
      if (match === null || metadata === undefined) return undefined;
      const [, , , , , , , dekNonce = "", dek = "", nonce = "", commitment = "", ciphertext = ""] = match;
      const valueBytes = (ciphertext.length / 4) * 3 - (ciphertext.endsWith("==") ? 2 : ciphertext.endsWith("=") ? 1 : 0) - TAG_BYTES;
      if (valueBytes < 1 || valueBytes > VALUE_BYTES_MAX) return undefined;
      return { ...metadata, dek: { nonce: dekNonce, ciphertext: dek }, value: { nonce, commitment, ciphertext } };
    },
  };
}

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

/** Of a text in the form of a time: whether its month has that day. */
function isDay(time: string): boolean {
  return time.slice(DAY_START, DAY_START + 2) < "29" || isTime(time);
}

/** The rules of a text that is just what a writer would write. */
function findRules(text: string): SecretRules | undefined {
  const rules = parseRules(parseShallowJson(`{${text}}`) as Readonly<Record<string, unknown>>, "a secret");
  return JSON.stringify(encodeRules(rules)) === `{${text}}` ? rules : undefined;
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
