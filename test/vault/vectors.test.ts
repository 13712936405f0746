import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { equalBytes } from "../../src/bytes.ts";
import { VaultError } from "../../src/errors.ts";
import { parseKeyBytes } from "../../src/keys/key-text.ts";
import { Secret } from "../../src/secret.ts";
import { deriveFromVaultKey } from "../../src/vault/derive.ts";
import { openSecrets, openVaultKeys } from "../../src/vault/envelope.ts";
import { deriveKek } from "../../src/vault/kdf.ts";
import type { Kek } from "../../src/vault/key-bytes.ts";
import { asDek, parseKek } from "../../src/vault/key-bytes.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import type { VaultFile } from "../../src/vault/vault-file.ts";
import { encodeVaultFile, parseVaultFile, verifyVaultFile } from "../../src/vault/vault-file.ts";
import { base64, keyFileKek, passphraseKek, vaultKeys as secondVaultKeys } from "../second-opinion/crypto.ts";
import type { KeySlot } from "../second-opinion/forms.ts";
import { Refusal } from "../second-opinion/grammar.ts";
import { openSecret, openVaultKey, readSecrets, readVault, unlockVault } from "../second-opinion/reader.ts";
import { writeVault } from "../second-opinion/writer.ts";
import type { Vector } from "../support/vector-file.ts";
import { formatVector, parseVector, vaultBytes } from "../support/vector-file.ts";
import { vectors } from "../vectors/catalogue/all.ts";

const folder = fileURLToPath(new URL("../vectors/", import.meta.url));
const files = new Map(readdirSync(folder).filter((file) => file.endsWith(".txt")).map((file) => [file.slice(0, -".txt".length), readFileSync(folder + file)]));

/** What a reader makes of a vector. */
interface Outcome {
  readonly verdict: string;
  readonly vaultKeys?: Readonly<Record<string, string>>;
  readonly secrets?: readonly (readonly [name: string, value: string])[];
  readonly rewritten?: Buffer;
}

test("the vectors are those that the generator makes", () => {
  expect(vectors.length).toBe(files.size);
  expect(vectors.filter((vector) => !formatVector(vector).equals(files.get(vector.name) ?? Buffer.alloc(0))).map(({ name }) => name)).toEqual([]);
});

test("every error that FORMAT.md gives a reader has a vector", () => {
  const spec = readFileSync(new URL("../../src/vault/FORMAT.md", import.meta.url), "utf8");
  const table = (spec.split(/^## /m).find((chapter) => chapter.startsWith("Reading")) ?? "").split("\n").filter((line) => line.startsWith("|")).slice(2);
  const codes = new Set(table.flatMap((row) => [...(row.split("|").at(-2) ?? "").matchAll(/`([a-z-]+)`/g)].map(([, code]) => code)));
  expect(new Set(vectors.map(({ expect: code }) => code))).toEqual(new Set([...codes, "success"]));
});

describe.each([...files])("%s", (name, file) => {
  const vector = parseVector(name, file);
  const bytes = vaultBytes(vector);

  test("is read by both implementations as it says", async () => {
    const outcomes = [await readWithSource(vector, bytes), readWithSecondOpinion(vector, bytes)];
    expect(outcomes.map(({ verdict }) => verdict)).toEqual([vector.expect, vector.expect]);
    if (vector.expect !== "success") return;
    for (const { vaultKeys, secrets, rewritten } of outcomes) {
      expect(vaultKeys).toEqual(hexOf({ ...deriveFromVaultKey(asDek(new Uint8Array(vector.vaultKey ?? [])), parseVaultFile(bytes).contents.id) }));
      expect(secrets).toEqual(vector.secrets.map(([secret, value]) => [secret, value.toString("hex")]));
      expect(rewritten !== undefined && equalBytes(rewritten, bytes)).toBe(true);
    }
  });
});

async function readWithSource(vector: Vector, bytes: Uint8Array): Promise<Outcome> {
  try {
    const file = parseVaultFile(bytes);
    const holder = holdKek(await kekOf(vector, file), file.contents.id);
    await verifyVaultFile(file, holder);
    const { secrets: records, id } = file.contents;
    const vaultKeys = await openVaultKeys(holder, file.contents);
    const values = await openSecrets(holder, id, records);
    const secrets = records.map((record, index) => [record.name, Buffer.from(values[index]!.reveal()).toString("hex")] as const);
    return { verdict: "success", vaultKeys: hexOf({ ...vaultKeys }), secrets, rewritten: Buffer.from(await encodeVaultFile(file.contents, holder)) };
  } catch (error) {
    if (error instanceof VaultError) return { verdict: error.code };
    throw error;
  }
}

async function kekOf({ key }: Vector, { contents: { slot } }: VaultFile): Promise<Kek> {
  switch (key.kind) {
    case "kek":
      return parseKek(new Uint8Array(key.bytes));
    case "key-file":
      return parseKeyBytes(new Uint8Array(key.bytes), "the key file");
    case "passphrase":
      if (slot.locator.provider !== "passphrase") throw new Error("a vector with a passphrase for another provider");
      return deriveKek(Secret.fromText(key.text), slot.locator.kdf);
  }
}

function readWithSecondOpinion({ key }: Vector, bytes: Uint8Array): Outcome {
  try {
    const file = readVault(bytes);
    const kek = secondKekOf(key, file.key);
    const keys = unlockVault(file, kek);
    const records = readSecrets(file);
    const vaultKeys = hexOf({ ...secondVaultKeys(openVaultKey(file, keys), base64(file.vault)) });
    const secrets = records.map((record) => [record.name, openSecret(file, keys, record).toString("hex")] as const);
    return { verdict: "success", vaultKeys, secrets, rewritten: writeVault({ ...file, secrets: records }, kek) };
  } catch (error) {
    if (error instanceof Refusal) return { verdict: error.code };
    throw error;
  }
}

function secondKekOf(key: Vector["key"], slot: KeySlot): Buffer {
  switch (key.kind) {
    case "kek":
      return key.bytes;
    case "key-file":
      return keyFileKek(key.bytes) ?? refuse("wrong-key");
    case "passphrase":
      if (slot.provider !== "passphrase") throw new Error("a vector with a passphrase for another provider");
      return passphraseKek(key.text, slot.kdf);
  }
}

function hexOf(keys: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).map(([name, bytes]) => [name, Buffer.from(bytes).toString("hex")]));
}

function refuse(code: string): never {
  throw new Refusal(code);
}
