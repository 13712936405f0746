// Where the parts of vault.json stand (FORMAT.md, "The file"): one member a line, one secret a line, so that a reader can judge each part before it looks at the next.
import { utf8 } from "../bytes.ts";
import { FORMAT_VERSION } from "./vault-version.ts";

/** What stands before the secrets, behind the line that names the version. */
export const HEAD_LINES = ["features", "vault", "generation", "key", "vaultKey", "audit"] as const;
export type HeadMember = (typeof HEAD_LINES)[number];

const OPENING = `{"format": "vault/${FORMAT_VERSION}",`;
const SECRETS_START = '  "secrets": [';
const SECRETS_END = "  ],\n";
const TAIL = / {2}"mac": ("[^"\\]{44}"),\n {2}"checksum": ("[^"\\]{44}")\n\}\n$/;
/** The 88 characters have three bytes at most for each UTF-16 unit. */
const TAIL_BYTES_MAX = encodeTail("", "").length + 2 * '""'.length + 88 * 3;
const LF = 0x0a;

/** Parts that were not looked into yet. */
export interface VaultLayout {
  /** What the MAC is over the hash of. */
  readonly body: Uint8Array;
  /** The members' lines in the order of `HEAD_LINES`: each begins with its name and ends in a comma. */
  readonly head: readonly string[];
  /** The lines of the secrets, each with its LF. */
  readonly records: Uint8Array;
  /** JSON strings of 44 characters. */
  readonly mac: string;
  readonly checksum: string;
}

/** @param bytes well-formed UTF-8. @returns undefined for what is not laid out as a vault is. */
export function findLayout(bytes: Uint8Array): VaultLayout | undefined {
  const tail = TAIL.exec(textOf(bytes.subarray(-TAIL_BYTES_MAX)));
  if (tail === null) return undefined;
  const body = bytes.subarray(0, -utf8(tail[0]).length);
  const recordsStart = findLineEnd(body, HEAD_LINES.length + 2);
  const recordsEnd = body.length - SECRETS_END.length;
  if (recordsStart === undefined || recordsStart > recordsEnd || body[recordsEnd - 1] !== LF) return undefined;
  const [opening, ...lines] = textOf(body.subarray(0, recordsStart - 1)).split("\n");
  const head = lines.slice(0, -1);
  const isHead = opening === OPENING && lines.at(-1) === SECRETS_START && HEAD_LINES.every((name, index) => isMember(head[index] ?? "", name));
  if (!isHead || textOf(body.subarray(recordsEnd)) !== SECRETS_END) return undefined;
  return { body, head, records: body.subarray(recordsStart, recordsEnd), mac: tail[1] ?? "", checksum: tail[2] ?? "" };
}

/** @param head the members' JSON. @param secrets lines without comma and LF. */
export function encodeBody(head: Readonly<Record<HeadMember, string>>, secrets: readonly string[]): string {
  return `${OPENING}\n${HEAD_LINES.map((name) => `${encodeHeadLine(name, head[name])}\n`).join("")}${SECRETS_START}\n${secrets.join(",\n")}${secrets.length > 0 ? "\n" : ""}${SECRETS_END}`;
}

export function encodeHeadLine(name: HeadMember, json: string): string {
  return `  "${name}": ${json},`;
}

/** The JSON of a member. @param line of `VaultLayout.head`. */
export function memberJson(line: string, name: HeadMember): string {
  return line.slice(`  "${name}": `.length, -1);
}

/** Of two JSON strings. */
export function encodeTail(mac: string, checksum: string): Uint8Array {
  return utf8(`  "mac": ${mac},\n  "checksum": ${checksum}\n}\n`);
}

function isMember(line: string, name: HeadMember): boolean {
  return line.startsWith(`  "${name}": `) && line.endsWith(",");
}

/** Where the line behind so many lines begins. */
function findLineEnd(bytes: Uint8Array, lines: number): number | undefined {
  let at = 0;
  for (let line = 0; line < lines; line += 1) {
    at = bytes.indexOf(LF, at) + 1;
    if (at === 0) return undefined;
  }
  return at;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
