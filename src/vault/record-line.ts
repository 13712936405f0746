// Reads the lines of plain records ten times faster than parsing and writing them again does: a vault may hold 10,000.
import type { Place } from "./place.ts";
import type { SecretRecord } from "./record.ts";
import { parseHosts, parsePlaces, VALUE_BYTES_MAX } from "./record.ts";
import { isTime } from "./json-shape.ts";
import type { Scope } from "./scope.ts";
import { VaultError } from "../errors.ts";

const CHAR = "[A-Za-z0-9+/]";
// The last character before the padding holds four or two bits that are zero in canonical base64.
const BYTES_16 = `${CHAR}{21}[AQgw]==`;
const BYTES_24 = `${CHAR}{32}`;
const BYTES_32 = `${CHAR}{42}[AEIMQUYcgkosw048]=`;
const BYTES_48 = `${CHAR}{64}`;
const BYTES_ANY = `(?:${CHAR}{4})*(?:${CHAR}[AQgw]==|${CHAR}{2}[AEIMQUYcgkosw048]=)?`;
const PLAIN = "[!#-\\[\\]-~]{1,128}";
const WORDS = '\\[(?:"[a-z0-9.:*_\\[\\]-]+"(?:,"[a-z0-9.:*_\\[\\]-]+")*)?\\]';

const REMEMBERED_MAX = 1024;

/** The canonical line of a record whose ids are visible ASCII and that is attached to no group. */
const LINE = new RegExp(
  `^\\{"id":"(${BYTES_16})","name":"([A-Za-z_][A-Za-z0-9_.-]{0,127})",` +
    `"scope":\\{"kind":"(global|workspace|group)"(?:,"workspace":"(${PLAIN})")?(?:,"group":"(${PLAIN})")?\\},"groups":\\[\\],` +
    `"service":(?:null|"([a-z0-9][a-z0-9-]{0,63})"),"hosts":(${WORDS}),"places":(${WORDS}),"allowPrivate":(true|false),"version":([1-9][0-9]{0,8}),` +
    `"createdAt":"([0-9TZ:.-]{24})","updatedAt":"([0-9TZ:.-]{24})",` +
    `"dek":\\{"nonce":"(${BYTES_24})","ciphertext":"(${BYTES_48})"\\},"value":\\{"nonce":"(${BYTES_24})","commitment":"(${BYTES_32})","ciphertext":"(${BYTES_ANY})"\\}\\}$`,
);

/** Reads lines of one file: most of their host lists, places and times are the same few texts. */
export interface LineReader {
  /** The record of a line that is canonical and plain; undefined says nothing about any other line. */
  find(line: string): SecretRecord | undefined;
}

export function makeLineReader(): LineReader {
  const hostsOf = remember((text) => parseHosts(JSON.parse(text), "a secret"));
  const placesOf = remember((text): readonly Place[] => parsePlaces(JSON.parse(text), "a secret"));
  const timeOf = remember((text) => (isTime(text) ? text : undefined));
  return {
    find(line) {
      const match = LINE.exec(line);
      if (match === null) return undefined;
      const [, id = "", name = "", kind, workspace, group, service, hostsText = "", placesText = "", allowPrivate, version, created = "", updated = "", dekNonce = "", dek = "", nonce = "", commitment = "", ciphertext = ""] = match;
      const scope = findScope(kind, workspace, group);
      const [hosts, places, createdAt, updatedAt] = [hostsOf(hostsText), placesOf(placesText), timeOf(created), timeOf(updated)];
      const valueBytes = (ciphertext.length / 4) * 3 - (ciphertext.endsWith("==") ? 2 : ciphertext.endsWith("=") ? 1 : 0) - 16;
      if (scope === undefined || hosts === undefined || places === undefined || createdAt === undefined || updatedAt === undefined || valueBytes < 1 || valueBytes > VALUE_BYTES_MAX) return undefined;
      return { id, name, scope, groups: [], service, hosts, places, allowPrivate: allowPrivate === "true", version: Number(version), createdAt, updatedAt, dek: { nonce: dekNonce, ciphertext: dek }, value: { nonce, commitment, ciphertext } };
    },
  };
}

function findScope(kind: string | undefined, workspace: string | undefined, group: string | undefined): Scope | undefined {
  if (kind === "global" && workspace === undefined && group === undefined) return { kind };
  if (kind === "workspace" && workspace !== undefined && group === undefined) return { kind, workspace };
  if (kind === "group" && workspace !== undefined && group !== undefined) return { kind, workspace, group };
  return undefined;
}

/** Remembers what a text gave, undefined where it was refused. */
function remember<T>(parse: (text: string) => T | undefined): (text: string) => T | undefined {
  const known = new Map<string, T | undefined>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    let value: T | undefined;
    try {
      value = parse(text);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
    }
    if (known.size < REMEMBERED_MAX) known.set(text, value);
    return value;
  };
}
