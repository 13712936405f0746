import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exitStatusOf } from "../../src/cli/output/exit-status.ts";
import { VaultError } from "../../src/errors.ts";
import { encodeBase64 } from "../../src/bytes.ts";
import { sealSecrets } from "../../src/vault/envelope.ts";
import { Secret } from "../../src/secret.ts";
import { parseKek } from "../../src/vault/key-bytes.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import type { Place } from "../../src/vault/place.ts";
import type { SecretRecord } from "../../src/vault/record.ts";
import { STORED } from "../../src/vault/source.ts";
import { encodeVaultFile, FILE_BYTES_MAX, parseVaultFile, verifyVaultFile } from "../../src/vault/vault-file.ts";
import { kekKeys } from "../second-opinion/crypto.ts";
import { Refusal } from "../second-opinion/grammar.ts";
import { readSecrets, readVault } from "../second-opinion/reader.ts";
import { bodyOf, finish, writeVault } from "../second-opinion/writer.ts";
import { cpuMs, jsonMs } from "../support/cpu-time.ts";
import { arbitraryBinding } from "../support/bindings.ts";
import { cases } from "../support/cases.ts";
import { refusalOf } from "../support/refusal.ts";
import type { Locator } from "../vectors/catalogue/subject.ts";
import { contentsOf, FIRST, KEK, SECOND, slotFor, SUBJECT, VAULT } from "../vectors/catalogue/subject.ts";

const subject = writeVault(SUBJECT, KEK);
const subjectBody = bodyOf(SUBJECT);
const HOLE = "@hole@";
const kdf = { algorithm: "argon2id", version: 19, memoryKib: 65_536, passes: 3, lanes: 1, salt: VAULT } as const;
const locators: readonly Locator[] = [
  { provider: "passphrase", kdf },
  { provider: "file", path: "/home/u/kek.key", owned: true },
  { provider: "keyring", service: "vault", account: "default", owned: true },
  { provider: "env", variable: "VAULT_KEK" },
];

/** What a command that never asks for the key ends in: the code, or undefined for a file that is as it should be. Throws for anything that is no VaultError. */
function verdictOf(bytes: Uint8Array): string | undefined {
  try {
    parseVaultFile(bytes).records.all();
    return undefined;
  } catch (error) {
    if (error instanceof VaultError) return error.code;
    throw error;
  }
}

function secondVerdictOf(bytes: Uint8Array): string | undefined {
  try {
    readSecrets(readVault(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** 6, "modified, damaged or rolled back", for a file that is refused. */
function statusOf(bytes: Uint8Array): number {
  try {
    parseVaultFile(bytes).records.all();
    return 0;
  } catch (error) {
    if (error instanceof VaultError) return exitStatusOf(error.code);
    throw error;
  }
}

/** A file that now names a newer version is left to a newer program, and anything else is damage. */
function statusOfDamage(bytes: Uint8Array): number {
  const [, version] = /^\s*\{"format": "vault\/([1-9][0-9]*)"/.exec(Buffer.from(bytes.subarray(0, 64)).toString("latin1")) ?? [];
  return Number(version) > 1 && Number(version) < 2 ** 32 ? 11 : 6;
}

describe("damage is found without the key", () => {
  test.each(locators)("every single flipped bit of a vault of provider $provider", (locator) => {
    let flips = 0;
    for (const secrets of [[], [FIRST], [FIRST, SECOND]]) {
      const bytes = new Uint8Array(writeVault(contentsOf(secrets, { key: slotFor(KEK, locator) }), KEK));
      expect(statusOf(bytes)).toBe(0);
      const missed: number[] = [];
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        if (statusOf(bytes) !== statusOfDamage(bytes)) missed.push(bit);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
      expect(missed).toEqual([]);
      flips += bytes.length * 8;
    }
    // Four providers: more than 100,000 in all.
    expect(flips).toBeGreaterThan(25_000);
  });

  test("every truncation, at either end", () => {
    for (let length = 0; length < subject.length; length++) {
      expect(statusOf(subject.subarray(0, length))).toBe(6);
      expect(statusOf(subject.subarray(subject.length - length))).toBe(6);
    }
  });

  test("every byte taken out, doubled, or with another put before it", () => {
    for (let at = 0; at < subject.length; at++) {
      const [head, byte, tail] = [subject.subarray(0, at), subject.subarray(at, at + 1), subject.subarray(at + 1)];
      for (const inserted of [byte, Buffer.from(" "), Buffer.from("\n"), Buffer.from('"'), Buffer.from([at & 0xff])]) {
        const longer = Buffer.concat([head, inserted, byte, tail]);
        expect(statusOf(longer)).toBe(statusOfDamage(longer));
      }
      // Of two equal bytes in a row it does not matter which is taken out: the file is shorter either way.
      expect(statusOf(Buffer.concat([head, tail]))).toBe(6);
    }
  });

  test("every line taken out, doubled, or exchanged with the next", () => {
    const lines = subject.toString("utf8").split("\n");
    for (let at = 0; at < lines.length - 1; at++) {
      const [head, line, tail] = [lines.slice(0, at), lines.slice(at, at + 1), lines.slice(at + 1)];
      for (const changed of [[...head, ...tail], [...head, ...line, ...line, ...tail], [...head, ...tail.slice(0, 1), ...line, ...tail.slice(1)]]) {
        expect(statusOf(Buffer.from(changed.join("\n")))).toBe(6);
      }
    }
  });

  test("zeroed, repeated and exchanged blocks, as disks leave them", () => {
    fc.assert(fc.property(fc.nat(subject.length - 1), fc.nat(subject.length - 1), fc.integer({ min: 1, max: 512 }), fc.constantFrom("zero", "copy"), (from, to, length, kind) => {
      const damaged = Buffer.from(subject);
      if (kind === "zero") damaged.fill(0, to, Math.min(to + length, damaged.length));
      else subject.copy(damaged, to, from, from + length);
      fc.pre(!damaged.equals(subject));
      expect(statusOf(damaged)).toBe(6);
    }), { numRuns: 2000 });
  });
});

describe("two readers agree", () => {
  test("on any bytes at all", () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map((text) => Buffer.from(text))), (bytes) => {
      expect(verdictOf(bytes)).toBe(secondVerdictOf(bytes));
      expect(verdictOf(bytes)).toBeDefined();
    }), { numRuns: 2000 });
  });

  test("on files with any JSON in any member's place, MAC and checksum made good", () => {
    const keys = kekKeys(KEK, Buffer.from(VAULT, "base64"));
    const lines = subjectBody.split("\n");
    const holes = lines.flatMap((line, at) => {
      const [, start = "", json = "", end = ""] = /^( {2}"\w+": | {4})(["{[\d].*?)(,?)$/.exec(line) ?? [];
      return json === "" || json === "[" ? [] : holesOf(JSON.parse(json)).map((hole) => [...lines.slice(0, at), start + hole + end, ...lines.slice(at + 1)].join("\n"));
    });
    expect(holes.length).toBeGreaterThan(60);
    const arbitraryJson = fc.oneof(
      { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
      { weight: 3, arbitrary: fc.constantFrom("0", "-0", "1", "1.0", "1e0", "-1", "9007199254740992", "1e999", '""', '"\\u0041"', "[]", "{}", "[[[[[[[[[]]]]]]]]]", "null", "true", '{"__proto__":1}') },
      { weight: 1, arbitrary: fc.constantFrom('"[::1%1]:443"', '["[::1%1]:443"]', '["*.a.b:1"]', '["body"]', '{"kind":"global"}', '"vault/1"', "", ",", '"', `"${VAULT}"`, '"A"', '"a"', '"2026-01-31T09:30:00.000Z"') },
    );
    const verdicts = new Set<string | undefined>();
    fc.assert(fc.property(fc.constantFrom(...holes), arbitraryJson, (body, json) => {
      const bytes = finish(Buffer.from(body.replace(HOLE, () => json)), keys);
      const verdict = verdictOf(bytes);
      expect(secondVerdictOf(bytes)).toBe(verdict);
      verdicts.add(verdict);
    }), { numRuns: cases(3_000, 30_000) });
    for (const verdict of [undefined, "bad-json", "too-deep", "bad-schema", "out-of-bounds", "not-canonical"]) expect(verdicts).toContain(verdict);
  });
});

/** The compact text of a value, once for each place in it, with a hole there. */
function holesOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [HOLE];
  const inner = Object.entries(value).flatMap(([name, member]) =>
    holesOf(member).map((hole) => JSON.stringify(Array.isArray(value) ? value.with(Number(name), HOLE) : { ...value, [name]: HOLE }).replace(JSON.stringify(HOLE), () => hole)));
  return [HOLE, ...inner];
}

describe("encoding and parsing", () => {
  const kek = parseKek(new Uint8Array(randomBytes(32)));
  const id = new Uint8Array(randomBytes(16));
  const holder = holdKek(kek, id);
  const slot = { locator: { provider: "env", variable: "VAULT_KEK" }, keyId: holder.keyId, commitment: holder.commitment } as const;
  const box = { nonce: encodeBase64(new Uint8Array(24)), ciphertext: encodeBase64(new Uint8Array(48)) };
  const audit = { sequence: 0, hash: encodeBase64(new Uint8Array(32)) };
  const vaultKey = box;
  const times = { createdAt: "2026-01-31T09:30:00.000Z", updatedAt: "2026-01-31T09:30:00.000Z" };

  test("contents come back as they were, are verified, and are read by the second implementation", async () => {
    const arbitrarySecrets = fc.uniqueArray(arbitraryBinding, { maxLength: 5, selector: ({ id: secretId }) => secretId });
    await fc.assert(fc.asyncProperty(arbitrarySecrets, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), async (bindings, generation) => {
      const distinct = bindings.map((binding, index) => ({ ...binding, name: `${binding.name}${index}` }));
      const envelopes = await sealSecrets(holder, id, distinct.map((binding) => ({ binding, value: Secret.fromText("value") })));
      const secrets = distinct.map((binding, index): SecretRecord => ({ ...binding, ...times, ...envelopes[index]! })).sort((a, b) => (a.id < b.id ? -1 : 1));
      const contents = { id, generation, slot, vaultKey, audit, secrets };
      const bytes = await encodeVaultFile(contents, holder);
      const file = parseVaultFile(bytes);
      expect(file.contents).toEqual(contents);
      await verifyVaultFile(file, holder);
      expect(readSecrets(readVault(bytes)).length).toBe(secrets.length);
    }), { numRuns: 150 });
  });

  test("the longest secret that can be right fits into a part", async () => {
    const quotes = '"'.repeat(126);
    const longest: SecretRecord = {
      id: encodeBase64(id),
      name: "N".repeat(128),
      scope: { kind: "group", workspace: '"'.repeat(128), group: '"'.repeat(128) },
      groups: Array.from({ length: 256 }, (_, index) => ({ workspace: '"'.repeat(128), group: quotes + String.fromCharCode(0x4e00 + (index >> 4), 0x4e00 + (index & 15)) })),
      service: "s".repeat(64),
      hosts: Array.from({ length: 64 }, (_, index) => `*.${String(index).padStart(2, "0")}${"a".repeat(61)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}:65535`),
      places: Array.from({ length: 64 }, (_, index): Place => `header:${"x".repeat(62)}${String(index).padStart(2, "0")}`),
      allowPrivate: false,
      scrub: false,
      placeholder: `${"[A-Za-z0-9_-]{1}".repeat(511)}[0-9]{1}`.replace(/\[0-9\]\{1\}$/, "[A-Za-z0-9_-]{1}"),
      source: STORED,
      rules: undefined,
      version: 2 ** 31 - 1,
      ...times,
      dek: box,
      value: { nonce: box.nonce, commitment: audit.hash, ciphertext: encodeBase64(new Uint8Array(65_552)) },
    };
    const bytes = await encodeVaultFile({ id, generation: 1, slot, vaultKey, audit, secrets: [longest] }, holder);
    expect(parseVaultFile(bytes).contents.secrets).toEqual([longest]);
    expect(readSecrets(readVault(bytes)).length).toBe(1);
    expect(Math.max(...Buffer.from(bytes).toString().split("\n").map((line) => line.length))).toBeLessThan(280_000);
  });

  test("a vault that would not be readable for its size is not written", async () => {
    const secret: SecretRecord = { id: "", name: "A", scope: { kind: "global" }, groups: [], service: undefined, hosts: [], places: ["header"], allowPrivate: false, scrub: true, placeholder: undefined, source: STORED, rules: undefined, version: 1, ...times, dek: box, value: { nonce: box.nonce, commitment: audit.hash, ciphertext: encodeBase64(new Uint8Array(65_552)) } };
    const secrets = Array.from({ length: 200 }, (_, index) => ({ ...secret, name: `N${index}`, id: encodeBase64(new Uint8Array(16).fill(index)) }));
    expect(await refusalOf(() => encodeVaultFile({ id, generation: 1, slot, vaultKey, audit, secrets }, holder))).toBe("too-large");
  });

  test("the key's checks: another key, a half-changed slot, a MAC by another key", async () => {
    const bytes = await encodeVaultFile({ id, generation: 1, slot, vaultKey, audit, secrets: [] }, holder);
    const other = holdKek(parseKek(new Uint8Array(randomBytes(32))), id);
    const file = parseVaultFile(bytes);
    const withSlot = (changes: object): typeof file => ({ ...file, contents: { ...file.contents, slot: { ...slot, ...changes } } });
    expect(await refusalOf(() => verifyVaultFile(file, other))).toBe("wrong-key");
    expect(await refusalOf(() => verifyVaultFile(withSlot({ keyId: other.keyId }), holder))).toBe("bad-key-slot");
    expect(await refusalOf(() => verifyVaultFile(withSlot({ commitment: other.commitment }), holder))).toBe("bad-key-slot");
    const forged = parseVaultFile(await encodeVaultFile({ id, generation: 1, slot, vaultKey, audit, secrets: [] }, other));
    expect(await refusalOf(() => verifyVaultFile(forged, holder))).toBe("bad-mac");
  });
});

describe("hostile files cost little", () => {
  const text = subject.toString("utf8");
  const room = FILE_BYTES_MAX - subject.length - 16;
  const fill = (unit: string, length = room): string => unit.repeat(Math.floor(length / unit.length));
  /** With MAC and checksum made good: so are those of an adversary. */
  const inBody = (from: string | RegExp, to: string): string => finish(Buffer.from(subjectBody.replace(from, () => to)), kekKeys(KEK, Buffer.from(VAULT, "base64"))).toString("utf8");
  const inRecord = (members: string): string => inBody('"groups":[],"service":null,"hosts":["api', `${members},"groups":[],"service":null,"hosts":["api`);

  let plainMs: number | undefined;

  test.each<[what: string, text: string, code: string]>([
    ["brackets", fill("["), "not-canonical"],
    ["objects within objects", fill('{"a":'), "not-canonical"],
    ["a first line of white space", fill(" "), "not-canonical"],
    ["a first line of digits", `{"format": "vault/${fill("1")}"`, "not-canonical"],
    ["a second line of features", text.replace("[]", `["a${fill('","a')}"]`), "out-of-bounds"],
    ["secrets, and a wrong checksum", text.replace("},\n    {", `},\n${fill("    {},\n")}    {`), "bad-checksum"],
    ["line ends", fill("\n"), "not-canonical"],
    ["line ends among the secrets", inBody("},\n    {", `},\n${fill("\n")}    {`), "out-of-bounds"],
    ["short lines among the secrets", inBody("},\n    {", `},\n${fill("    {},\n")}    {`), "out-of-bounds"],
    ["100,001 lines among the secrets", inBody(/ {4}\{.*\n {4}\{.*\n/, `${"    0,\n".repeat(100_000)}    0\n`), "out-of-bounds"],
    ["100,000 lines among the secrets", inBody(/ {4}\{.*\n {4}\{.*\n/, `${"    0,\n".repeat(99_999)}    0\n`), "bad-schema"],
    ["quotation marks", fill('"'), "not-canonical"],
    ["letters of two bytes", fill("\u00e9", room / 2), "not-canonical"],
    ["a secret of empty lists", inRecord(`"x":[${fill("[],")}0]`), "out-of-bounds"],
    ["a secret of empty objects", inRecord(`"x":[${fill("{},")}0]`), "out-of-bounds"],
    ["a secret with a long name", inBody('"API_TOKEN"', `"${fill("A")}"`), "out-of-bounds"],
    ["a secret with escapes", inBody('"API_TOKEN"', `"${fill("\\u0041")}"`), "out-of-bounds"],
    ["a long number", text.replace('"generation": 7', `"generation": ${fill("7")}`), "out-of-bounds"],
    ["many features", text.replace('"features": []', `"features": [${fill('"a",')}"a"]`), "out-of-bounds"],
    ["a part at its longest", inBody("\n  ],", `,\n${" ".repeat(327_678)}[]\n  ],`), "bad-schema"],
    ["a part one unit longer", inBody("\n  ],", `,\n${" ".repeat(327_679)}[]\n  ],`), "out-of-bounds"],
  ])("%s", async (_, hostile, code) => {
    const bytes = Buffer.from(hostile);
    expect(bytes.length).toBeLessThanOrEqual(FILE_BYTES_MAX);
    const memoryBefore = process.memoryUsage().rss;
    expect(verdictOf(bytes)).toBe(code);
    expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(150 * 2 ** 20);

    // Less than plain JSON of that length takes, on a quiet machine; a busy one gets several attempts. What these guard against takes some hundred times as long.
    const reference = (plainMs ??= await jsonMs());
    let ratio = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 8 && ratio > 1; attempt++) ratio = Math.min(ratio, (await cpuMs(() => verdictOf(bytes))) / reference);
    expect(ratio).toBeLessThan(10);
    expect(secondVerdictOf(bytes)).toBe(code);
  });

  test("a file above 16 MiB is not looked at", () => {
    expect(verdictOf(Buffer.alloc(FILE_BYTES_MAX + 1, 0xff))).toBe("too-large");
    expect(verdictOf(Buffer.alloc(FILE_BYTES_MAX, 0xff))).toBe("bad-json");
  });
});
