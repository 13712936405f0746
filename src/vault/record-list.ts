// The secrets of a vault file, read no further than somebody asks: a run that uses one of 10,000 does not wait for the others.
import { splitLines } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { parseShallowJson } from "./shallow-json.ts";
import type { SecretOutline, SecretRecord } from "./record.ts";
import { encodeRecord, parseRecord } from "./record.ts";
import { findLinesNamed, makeLineReader } from "./record-line.ts";
import type { Scope } from "./scope.ts";
import { compareText, encodeScope } from "./scope.ts";

/** In UTF-16 units. The longest secret has some 275,000; 16 MiB of `[],` would take JSON.parse seconds and hundreds of megabytes. */
const PART_LENGTH_MAX = 327_680;
const INDENT = "    ";
const LINE_LENGTH_MAX = INDENT.length + PART_LENGTH_MAX + ",".length;

const SECRETS_MAX = 100_000;

export interface RecordList {
  /** @throws VaultError `out-of-bounds` beyond 100,000, as everything here that looks at all of them. */
  readonly count: number;
  /** Every record, checked in every part. @throws VaultError for the first that is not what a writer would write. */
  readonly all: () => readonly SecretRecord[];
  /** What a list shows of each, after the same checks. @throws VaultError as `all`. */
  readonly outlines: () => readonly SecretOutline[];
  /**
   * The records of these names, with no look at the others. Only for a file whose MAC was verified: whoever wrote that has read all of it before.
   *
   * @throws VaultError as `all`, for those.
   */
  readonly named: (names: ReadonlySet<string>) => readonly SecretRecord[];
}

/** @param bytes the lines of the records, well-formed UTF-8: each with its indentation, its LF and, but for the last, its comma. */
export function listRecords(bytes: Uint8Array): RecordList {
  const reader = makeLineReader();
  const recordOf = (line: string, isLast: boolean): SecretRecord => reader.findRecord(requireBounded(line, isLast)) ?? parseLine(line);
  const outlineOf = (line: string, isLast: boolean): SecretOutline => reader.findOutline(requireBounded(line, isLast)) ?? outline(parseLine(line));
  let split: readonly string[] | undefined;
  const lines = (): readonly string[] => (split ??= requireFew(splitLines(bytes, SECRETS_MAX)));
  const readEach = <T>(read: (line: string, isLast: boolean) => T): T[] => lines().map((line, index, { length }) => read(line, index === length - 1));
  let all: readonly SecretRecord[] | undefined;
  return {
    get count() {
      return lines().length;
    },
    all: () => (all ??= requireDistinct(readEach(recordOf), ({ scope }) => scope)),
    outlines: () => requireDistinct(readEach(outlineOf), ({ terms }) => terms.scope),
    named: (names) => [...names].flatMap((name) => findLinesNamed(bytes, name).map(({ text, isLast }) => recordOf(text, isLast))),
  };
}

function requireFew(lines: readonly string[]): readonly string[] {
  if (lines.length > SECRETS_MAX) throw new VaultError("out-of-bounds", `more than ${SECRETS_MAX} secrets`);
  return lines;
}

function outline(record: SecretRecord): SecretOutline {
  return { id: record.id, name: record.name, terms: record };
}

/** The line of a record, without a comma. */
export function encodeLine(record: SecretRecord): string {
  return `${INDENT}${JSON.stringify(encodeRecord(record))}`;
}

/** One member's JSON, or one record's. @throws VaultError `out-of-bounds`, `too-deep`, `bad-json`. */
export function parsePart(text: string): unknown {
  if (text.length > PART_LENGTH_MAX) throw tooLong();
  return parseShallowJson(text);
}

export function notCanonical(what = "the vault file is not in its canonical form: another program has rewritten it, or it is damaged"): VaultError {
  return new VaultError("not-canonical", what, "restore vault.json from a backup");
}

/** Any line, slowly, and with the exact error for one that is wrong. */
function parseLine(line: string): SecretRecord {
  const text = line.endsWith(",") ? line.slice(0, -1) : line;
  const record = parseRecord(parsePart(text));
  if (text !== encodeLine(record)) throw notCanonical();
  return record;
}

/** What is looked at before a line is read at all. */
function requireBounded(line: string, isLast: boolean): string {
  const hasComma = !isLast;
  if (line.endsWith(",") !== hasComma) throw new VaultError("bad-json", hasComma ? "a comma is missing between two secrets" : "a comma stands behind the last secret");
  if (line.length > LINE_LENGTH_MAX) throw tooLong();
  return line;
}

function tooLong(): VaultError {
  return new VaultError("out-of-bounds", `a line of the vault file is longer than ${PART_LENGTH_MAX} characters`);
}

function requireDistinct<T extends { readonly id: string; readonly name: string }>(records: readonly T[], scopeOf: (record: T) => Scope): readonly T[] {
  const taken = new Set<string>();
  let idBefore = "";
  for (const record of records) {
    const { id, name } = record;
    const scope = scopeOf(record);
    if (compareText(idBefore, id) >= 0) throw notCanonical("the secrets are not sorted by id, or one stands twice");
    idBefore = id;
    const fullName = scope.kind === "global" ? name : JSON.stringify([encodeScope(scope), name]);
    if (taken.has(fullName)) throw new VaultError("bad-schema", `two secrets of one scope have the name "${name}"`);
    taken.add(fullName);
  }
  return records;
}
