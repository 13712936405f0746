// However a list of records is asked, the answers are those of reading all of it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { findLinesNamed } from "../../src/vault/record-line.ts";
import { encodeLine, listRecords } from "../../src/vault/record-list.ts";
import type { SecretRecord } from "../../src/vault/record.ts";
import { compareText } from "../../src/vault/scope.ts";
import { STORED } from "../../src/vault/source.ts";
import { arbitraryBinding } from "../support/bindings.ts";
import { refusalOf } from "../support/refusal.ts";

const BOX = { nonce: "A".repeat(32), ciphertext: "A".repeat(64) };
const TIMES = { createdAt: "2026-01-31T00:00:00.000Z", updatedAt: "2026-01-31T00:00:00.000Z" };
const SEALED = { dek: BOX, value: { nonce: BOX.nonce, commitment: `${"A".repeat(43)}=`, ciphertext: "A".repeat(64) } };

const linesOf = (records: readonly SecretRecord[]): Uint8Array => utf8(records.map((record, index) => `${encodeLine(record)}${index < records.length - 1 ? "," : ""}\n`).join(""));
const arbitraryRecords = fc.uniqueArray(arbitraryBinding, { maxLength: 6, selector: ({ id }) => id }).map((bindings): SecretRecord[] => bindings
  .map((binding, index) => ({ ...binding, name: index % 2 === 0 ? binding.name : "SAME", scope: { kind: "workspace", workspace: `w"${index}` } as const, ...TIMES, ...SEALED }))
  .sort((a, b) => compareText(a.id, b.id)));

describe("a list of records", () => {
  test("gives the same by name, and in outline", () => {
    fc.assert(fc.property(arbitraryRecords, (records) => {
      const list = listRecords(linesOf(records));
      expect(list.all()).toEqual(records);
      expect(list.count).toBe(records.length);
      expect(list.outlines().map(({ id, name, terms: { scope, groups, service, hosts, places, allowPrivate } }) => ({ id, name, scope, groups, service, hosts, places, allowPrivate })))
        .toEqual(records.map(({ id, name, scope, groups, service, hosts, places, allowPrivate }) => ({ id, name, scope, groups, service, hosts, places, allowPrivate })));
      for (const { name } of records) expect(list.named(new Set([name]))).toEqual(records.filter((record) => record.name === name));
      expect(list.named(new Set(["NONE", "SAM", "AME", "SAME_", ""]))).toEqual([]);
    }));
  });

  test("is searched for names that could be, and at the place of names alone", () => {
    const line = encodeLine({ id: `${"A".repeat(22)}==`, name: "REAL", scope: { kind: "global" }, groups: [], service: undefined, hosts: [], places: ["header"], allowPrivate: false, scrub: true, placeholder: undefined, source: STORED, rules: undefined, version: 1, ...TIMES, ...SEALED });
    expect(findLinesNamed(utf8(`${line}\n`), "REAL")).toEqual([{ text: line, isLast: true }]);
    expect(findLinesNamed(utf8(`${line}\n`), 'REAL","scope":{"kind":"global"},"groups":[],"service":null,"hosts":[],"places":["header')).toEqual([]);
    const elsewhere = `${"x".repeat(80)}","name":"REAL",`;
    expect(findLinesNamed(utf8(`${elsewhere}\n${line}\n${elsewhere}\n`), "REAL")).toEqual([{ text: line, isLast: false }]);
  });

  test("takes no white space in a line or behind it, whoever asks", async () => {
    const line = encodeLine({ id: `${"A".repeat(22)}==`, name: "REAL", scope: { kind: "global" }, groups: [], service: undefined, hosts: [], places: ["header"], allowPrivate: false, scrub: true, placeholder: undefined, source: STORED, rules: undefined, version: 1, ...TIMES, ...SEALED });
    const second = line.replace("AAAAAA", "BAAAAA").replace("REAL", "OTHER");
    const ask: readonly ((bytes: Uint8Array) => unknown)[] = [(bytes) => listRecords(bytes).all(), (bytes) => listRecords(bytes).outlines(), (bytes) => listRecords(bytes).named(new Set(["REAL", "OTHER"]))];
    for (const read of ask) expect(await refusalOf(() => read(utf8(`${line},\n${second}\n`)))).toBeUndefined();
    for (const blank of [" ", "\t", "\r", " ".repeat(20_000)]) {
      for (const bad of [`${line}${blank},\n${second}\n`, `${line},\n${second}${blank}\n`, `${line.replace('"dek":', `"dek":${blank}`)},\n${second}\n`, `${line},\n${second.replace('"ciphertext":', `"ciphertext"${blank}:`)}\n`]) {
        for (const read of ask) expect(await refusalOf(() => read(utf8(bad)))).toBe("not-canonical");
      }
    }
  });
});
