import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes.ts";
import { Secret } from "../../src/secret.ts";
import { sealAad, vaultKeyAad, wrapAad } from "../../src/vault/aad.ts";
import { makeVaultKey, openVaultKeys, openSecrets, rewrapVaultKey, rewrapSecrets, sealSecrets } from "../../src/vault/envelope.ts";
import { parseKek } from "../../src/vault/key-bytes.ts";
import type { KeyHolder } from "../../src/vault/key-holder.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import type { SecretBinding, SecretRecord } from "../../src/vault/record.ts";
import { encodeRecord } from "../../src/vault/record.ts";
import { encodeRules } from "../../src/vault/rules.ts";
import { STORED } from "../../src/vault/source.ts";
import { kekKeys, sealData, vaultKeyData, wrapData } from "../second-opinion/crypto.ts";
import { secretRecord } from "../second-opinion/forms.ts";
import { openSecret } from "../second-opinion/reader.ts";
import { sealSecret } from "../second-opinion/writer.ts";
import { arbitraryBinding, arbitraryId } from "../support/bindings.ts";
import { refusalOf } from "../support/refusal.ts";

const draw = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const [kekBytes, vaultId] = [draw(32), draw(16)];
const vault = Buffer.from(vaultId).toString("base64");
const holder = holdKek(parseKek(kekBytes), vaultId);
const times = { createdAt: "2026-01-31T09:30:00.000Z", updatedAt: "2026-01-31T09:30:00.000Z" };
const arbitraryValue = fc.uint8Array({ minLength: 1, maxLength: 300 });
const example: SecretBinding = { id: "MTExMTExMTExMTExMTExMQ==", name: "API_TOKEN", scope: { kind: "global" }, groups: [], service: undefined, hosts: ["api.example.com:443"], places: ["header"], allowPrivate: false, scrub: true, placeholder: undefined, source: STORED, rules: undefined, version: 1 };

async function sealed(binding: SecretBinding, value: Uint8Array, by: KeyHolder = holder, id = vaultId): Promise<SecretRecord> {
  const [envelope] = await sealSecrets(by, id, [{ binding, value: new Secret(value.slice()) }]);
  return { ...binding, ...times, ...envelope! };
}

async function opened(record: SecretRecord, by: KeyHolder = holder, id = vaultId): Promise<Uint8Array> {
  const [value] = await openSecrets(by, id, [record]);
  return value!.reveal();
}

describe("sealing and opening", () => {
  test("what is sealed opens to the same bytes, here and in the second implementation, and the other way about", async () => {
    await fc.assert(fc.asyncProperty(arbitraryBinding, arbitraryValue, async (binding, value) => {
      const record = await sealed(binding, value);
      expect(await opened(record)).toEqual(value);

      const plain = secretRecord(encodeRecord(record));
      const { wrapKey, macKey, commitment, keyId } = kekKeys(kekBytes, vaultId);
      expect(new Uint8Array(openSecret({ vault }, { wrapKey, macKey, commitment, keyId }, plain))).toEqual(value);
      const { dek, value: theirs } = sealSecret(vault, kekBytes, plain, value, randomBytes);
      expect(await opened({ ...record, dek, value: theirs })).toEqual(value);
    }), { numRuns: 1000 });
  });

  test("a batch keeps its order", async () => {
    const items = Array.from({ length: 50 }, (_, index) => ({ binding: { ...example, name: `N${index}` }, value: Secret.fromText(`value ${index}`) }));
    const envelopes = await sealSecrets(holder, vaultId, items);
    const values = await openSecrets(holder, vaultId, items.map(({ binding }, index) => ({ ...binding, ...times, ...envelopes[index]! })));
    expect(values.map((value) => Buffer.from(value.reveal()).toString())).toEqual(items.map((_, index) => `value ${index}`));
  });

  test("equal values leave nothing equal: every DEK, nonce, commitment and ciphertext is new", async () => {
    const records = await Promise.all(Array.from({ length: 100 }, () => sealed(example, Buffer.from("same"))));
    const parts = records.flatMap(({ dek, value }) => [dek.nonce, dek.ciphertext, value.nonce, value.commitment, value.ciphertext]);
    expect(new Set(parts).size).toBe(500);
  });

  test("values of 1 and of 65,536 bytes; none of 0 and none of 65,537", async () => {
    for (const length of [1, 65_536]) expect((await opened(await sealed(example, draw(length)))).length).toBe(length);
    for (const length of [0, 65_537]) expect(await refusalOf(() => sealed(example, new Uint8Array(length)))).toBe("out-of-bounds");
  });

  test("sealing leaves the value to its owner, and nothing happens for no values", async () => {
    const value = Secret.fromText("kept");
    await sealSecrets(holder, vaultId, [{ binding: example, value }]);
    expect(Buffer.from(value.reveal()).toString()).toBe("kept");
    expect(await sealSecrets(holder, vaultId, [])).toEqual([]);
    expect(await openSecrets(holder, vaultId, [])).toEqual([]);
  });
});

describe("tampering", () => {
  test("a flipped bit in any byte of the envelope refuses with the code of its part", async () => {
    const record = await sealed(example, Buffer.from("a value of some length"));
    const parts = [
      { code: "bad-wrap", text: record.dek.nonce, change: (nonce: string) => ({ ...record, dek: { ...record.dek, nonce } }) },
      { code: "bad-wrap", text: record.dek.ciphertext, change: (ciphertext: string) => ({ ...record, dek: { ...record.dek, ciphertext } }) },
      { code: "bad-commitment", text: record.value.nonce, change: (nonce: string) => ({ ...record, value: { ...record.value, nonce } }) },
      { code: "bad-commitment", text: record.value.commitment, change: (commitment: string) => ({ ...record, value: { ...record.value, commitment } }) },
      { code: "bad-seal", text: record.value.ciphertext, change: (ciphertext: string) => ({ ...record, value: { ...record.value, ciphertext } }) },
    ];
    for (const { code, text, change } of parts) {
      const bytes = Buffer.from(text, "base64");
      for (let at = 0; at < bytes.length; at++) {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << (at & 7);
        expect(await refusalOf(() => opened(change(flipped.toString("base64"))))).toBe(code);
      }
    }
  });

  test("a record shown with any other binding does not open", async () => {
    await fc.assert(fc.asyncProperty(arbitraryBinding, arbitraryBinding, fc.uint8Array({ minLength: 1, maxLength: 64 }), async (binding, shown, value) => {
      const record = await sealed(binding, value);
      for (const [member, changed] of Object.entries(shown)) {
        const altered = { ...record, [member]: changed as unknown };
        const isSame = JSON.stringify(encodeRecord(altered)) === JSON.stringify(encodeRecord(record));
        expect(await refusalOf(() => opened(altered))).toBe(isSame ? undefined : "bad-wrap");
      }
    }), { numRuns: 200 });
  });

  test("with the wrap made good, the value still knows where it belongs", async () => {
    await fc.assert(fc.asyncProperty(arbitraryBinding, arbitraryBinding, async (binding, shown) => {
      const record = await sealed(binding, Buffer.from("value"));
      const [dek] = await holder.unwrapDeks([{ wrapped: boxOf(record), aad: wrapAad(vaultId, holder.keyId, record) }]);
      const [wrapped] = await holder.wrapDeks([{ dek: dek!, aad: wrapAad(vaultId, holder.keyId, shown) }]);
      const moved = { ...record, ...shown, dek: { nonce: base64(wrapped!.nonce), ciphertext: base64(wrapped!.ciphertext) } };
      const isSame = encodeHex(sealAad(vaultId, shown)) === encodeHex(sealAad(vaultId, binding));
      expect(await refusalOf(() => opened(moved))).toBe(isSame ? undefined : "bad-seal");
    }), { numRuns: 200 });
  });

  test("envelopes exchanged between two records, or carried to another vault or key, do not open", async () => {
    await fc.assert(fc.asyncProperty(arbitraryBinding, arbitraryId, async (binding, id) => {
      fc.pre(id !== binding.id);
      const [a, b] = [await sealed(binding, Buffer.from("a")), await sealed({ ...binding, id }, Buffer.from("b"))];
      expect(await refusalOf(() => opened({ ...a, dek: b.dek, value: b.value }))).toBe("bad-wrap");
      expect(await refusalOf(() => opened({ ...a, dek: b.dek }))).toBe("bad-wrap");
      expect(await refusalOf(() => opened({ ...a, value: b.value }))).toBe("bad-commitment");
    }), { numRuns: 100 });

    const record = await sealed(example, Buffer.from("value"));
    const otherVault = draw(16);
    expect(await refusalOf(() => opened(record, holdKek(parseKek(kekBytes), otherVault), otherVault))).toBe("bad-wrap");
    expect(await refusalOf(() => opened(record, holder, otherVault))).toBe("bad-wrap");
    expect(await refusalOf(() => opened(record, holdKek(parseKek(draw(32)), vaultId)))).toBe("bad-wrap");
  });

  test("one bad record in a batch gives none of its neighbours' values", async () => {
    const [good, bad] = [await sealed(example, Buffer.from("good")), await sealed({ ...example, name: "BAD" }, Buffer.from("bad"))];
    expect(await refusalOf(() => openSecrets(holder, vaultId, [good, { ...bad, name: "WORSE" }]))).toBe("bad-wrap");
  });

  test("the refusal names the secret and holds nothing of its value", async () => {
    const record = await sealed(example, Buffer.from("hunter2-hunter2"));
    const error: unknown = await opened({ ...record, value: { ...record.value, ciphertext: base64(draw(31)) } }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "bad-seal", message: expect.stringContaining('"API_TOKEN"') as string });
    expect(error).not.toHaveProperty("cause");
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("hunter2");
  });
});

describe("a new KEK", () => {
  test("opens every value, which stays as it is; the old KEK opens none", async () => {
    const next = holdKek(parseKek(draw(32)), vaultId);
    const records = await Promise.all(Array.from({ length: 20 }, (_, index) => sealed({ ...example, name: `N${index}` }, Buffer.from(`value ${index}`))));
    const rewrapped = await rewrapSecrets(holder, next, vaultId, records);
    expect(rewrapped.map((record) => ({ ...record, dek: undefined }))).toEqual(records.map((record) => ({ ...record, dek: undefined })));
    for (const [index, record] of rewrapped.entries()) {
      expect(Buffer.from(await opened(record, next)).toString()).toBe(`value ${index}`);
      expect(await refusalOf(() => opened(record))).toBe("bad-wrap");
      expect(record.dek).not.toEqual(records[index]?.dek);
    }
  });

  test("is not reached while one record is bad, or where the new holder answers with other keys", async () => {
    const next = holdKek(parseKek(draw(32)), vaultId);
    const records = [await sealed(example, Buffer.from("1")), await sealed({ ...example, name: "TWO" }, Buffer.from("2"))];
    expect(await refusalOf(() => rewrapSecrets(holder, next, vaultId, [records[0]!, { ...records[1]!, name: "THREE" }]))).toBe("bad-wrap");
    const forgetful: KeyHolder = { ...next, wrapDeks: async (items) => next.wrapDeks(items.slice(1)) };
    expect(await refusalOf(() => rewrapSecrets(holder, forgetful, vaultId, records))).toBe("bad-wrap");
    const confused: KeyHolder = { ...next, unwrapDeks: async (items) => (await next.unwrapDeks(items)).reverse() };
    expect(await refusalOf(() => rewrapSecrets(holder, confused, vaultId, records))).toBe("bad-wrap");
  });

  test("takes the vault key along", async () => {
    const next = holdKek(parseKek(draw(32)), vaultId);
    const wrapped = await makeVaultKey(holder, vaultId);
    const moved = await rewrapVaultKey(holder, next, vaultId, wrapped);
    expect(await openVaultKeys(next, { id: vaultId, vaultKey: moved })).toEqual(await openVaultKeys(holder, { id: vaultId, vaultKey: wrapped }));
    expect(await refusalOf(() => openVaultKeys(holder, { id: vaultId, vaultKey: moved }))).toBe("bad-wrap");
    expect(await refusalOf(() => openVaultKeys(holder, { id: draw(16), vaultKey: wrapped }))).toBe("bad-wrap");
    const record = await sealed(example, Buffer.from("value"));
    expect(await refusalOf(() => openVaultKeys(holder, { id: vaultId, vaultKey: record.dek }))).toBe("bad-wrap");
    expect(await refusalOf(() => opened({ ...record, dek: wrapped }))).toBe("bad-wrap");
  });
});

describe("associated data", () => {
  test("is byte for byte that of the second implementation", () => {
    fc.assert(fc.property(arbitraryBinding, (binding) => {
      const plain = { ...binding, service: binding.service ?? null, placeholder: binding.placeholder ?? null, rules: encodeRules(binding.rules), groups: [...binding.groups], hosts: [...binding.hosts], places: [...binding.places] };
      expect(encodeHex(sealAad(vaultId, binding))).toBe(sealData(vaultId, plain).toString("hex"));
      expect(encodeHex(wrapAad(vaultId, holder.keyId, binding))).toBe(wrapData(vaultId, holder.keyId, plain).toString("hex"));
      expect(encodeHex(vaultKeyAad(vaultId, holder.keyId))).toBe(vaultKeyData(vaultId, holder.keyId).toString("hex"));
    }), { numRuns: 500 });
  });

  test("differs wherever bindings differ, and between purposes", () => {
    fc.assert(fc.property(arbitraryBinding, arbitraryBinding, (a, b) => {
      const isSame = JSON.stringify(a) === JSON.stringify(b);
      expect(encodeHex(sealAad(vaultId, a)) === encodeHex(sealAad(vaultId, b))).toBe(isSame);
      expect(encodeHex(sealAad(vaultId, a))).not.toBe(encodeHex(wrapAad(vaultId, holder.keyId, a)));
    }), { numRuns: 500 });
  });
});

describe("a holder", () => {
  test("that is closed does nothing more, and may be closed again", async () => {
    const closing = holdKek(parseKek(draw(32)), vaultId);
    const record = await sealed(example, Buffer.from("value"), closing);
    closing.close();
    closing.close();
    expect(await refusalOf(() => opened(record, closing))).toBe("locked");
    expect(await refusalOf(() => sealed(example, Buffer.from("value"), closing))).toBe("locked");
    expect(await refusalOf(() => closing.authenticate(draw(32)))).toBe("locked");
  });

  test("keeps no reference to the KEK's bytes", async () => {
    const kek = parseKek(draw(32));
    const holding = holdKek(kek, vaultId);
    const record = await sealed(example, Buffer.from("value"), holding);
    kek.fill(0);
    expect(Buffer.from(await opened(record, holding)).toString()).toBe("value");
  });
});

function boxOf({ dek }: SecretRecord): { nonce: Uint8Array; ciphertext: Uint8Array } {
  return { nonce: Buffer.from(dek.nonce, "base64"), ciphertext: Buffer.from(dek.ciphertext, "base64") };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
