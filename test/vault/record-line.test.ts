// What is read the fast way is read at all, and is what the slow way would have read: it passes on what it does not know, so a slip in it costs time alone, and nobody would see that.
import { expect, test } from "vitest";
import { findLinesNamed, makeLineReader } from "../../src/vault/record-line.ts";
import { encodeLine } from "../../src/vault/record-list.ts";
import type { SecretRecord } from "../../src/vault/record.ts";
import { VALUE_BYTES_MAX } from "../../src/vault/record.ts";
import { STORED } from "../../src/vault/source.ts";

const base64 = (bytes: number): string => Buffer.alloc(bytes, 0xa7).toString("base64");
const TIME = "2026-01-31T00:00:00.000Z";
const RECORD: SecretRecord = {
  id: base64(16), name: "REAL", scope: { kind: "global" }, groups: [], service: undefined, hosts: [], places: ["header"], allowPrivate: false, scrub: true, placeholder: undefined, source: STORED, rules: undefined, version: 1,
  createdAt: TIME, updatedAt: TIME, dek: { nonce: base64(24), ciphertext: base64(48) }, value: { nonce: base64(24), commitment: base64(32), ciphertext: base64(17) },
};
const withValue = (bytes: number): SecretRecord => ({ ...RECORD, value: { ...RECORD.value, ciphertext: base64(bytes + 16) } });
const withTime = (day: string): SecretRecord => ({ ...RECORD, createdAt: `${day}T23:59:59.999Z`, updatedAt: `${day}T00:00:00.000Z` });

test.each([1, 2, 3, 4, 100, VALUE_BYTES_MAX - 1, VALUE_BYTES_MAX])("a record with a value of %d bytes is read", (bytes) => {
  const record = withValue(bytes);
  const { id, name } = record;
  expect(makeLineReader().findRecord(encodeLine(record))).toEqual(record);
  expect(makeLineReader().findRecord(`${encodeLine(record)},`)).toEqual(record);
  expect(makeLineReader().findOutline(encodeLine(record))).toMatchObject({ id, name });
});

test.each(["2026-01-28", "2026-02-28", "2024-02-29", "2026-01-29", "2026-04-30", "2026-06-30", "2026-09-30", "2026-11-30", "2026-12-31", "2026-01-01", "2026-10-31"])("a record of %s is read", (day) => {
  expect(makeLineReader().findRecord(encodeLine(withTime(day)))).toEqual(withTime(day));
});

test.each(["2026-02-29", "2026-02-30", "2024-02-30", "2026-04-31", "2026-06-31", "2026-09-31", "2026-11-31"])("a record of %s is not: there is no such day", (day) => {
  expect(makeLineReader().findRecord(encodeLine(withTime(day)))).toBeUndefined();
});

test.each<[string, SecretRecord]>([
  ["no value", withValue(0)],
  ["a value that is too long", withValue(VALUE_BYTES_MAX + 1)],
  ["a short id", { ...RECORD, id: base64(15) }],
  ["a long nonce", { ...RECORD, dek: { ...RECORD.dek, nonce: base64(25) } }],
  ["a long data key", { ...RECORD, dek: { ...RECORD.dek, ciphertext: base64(49) } }],
  ["a long nonce of its value", { ...RECORD, value: { ...RECORD.value, nonce: base64(25) } }],
  ["a short commitment", { ...RECORD, value: { ...RECORD.value, commitment: base64(31) } }],
  ["base64 with bits left over, of four", { ...RECORD, value: { ...RECORD.value, ciphertext: `${base64(17).slice(0, -2)}F=` } }],
  ["base64 with bits left over, of two", { ...RECORD, id: `${base64(16).slice(0, -3)}B==` }],
  ["base64 with padding in its middle", { ...RECORD, id: `${base64(16).slice(0, -3)}=A=` }],
  ["base64 with padding before its end", { ...RECORD, id: `${base64(16).slice(0, -2)}=A` }],
  ["base64 with padding twice", { ...RECORD, id: `${base64(16).slice(0, -4)}A=A=` }],
  ["base64 without padding", { ...RECORD, id: base64(16).slice(0, -2) }],
])("a record with %s is not", (_what, record) => {
  expect(makeLineReader().findRecord(encodeLine(record))).toBeUndefined();
  expect(makeLineReader().findOutline(encodeLine(record))).toBeUndefined();
});

test("a line is found by its name at any place, and told to be the last where it is", () => {
  const [first, last] = [encodeLine(RECORD), encodeLine({ ...RECORD, name: "OTHER" })];
  const bytes = new Uint8Array(Buffer.from(`${first},\n${last}\n`));
  expect(findLinesNamed(bytes, "REAL")).toEqual([{ text: `${first},`, isLast: false }]);
  expect(findLinesNamed(bytes, "OTHER")).toEqual([{ text: last, isLast: true }]);
});
