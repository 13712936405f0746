import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { equalBytes } from "../../src/bytes.ts";
import { VaultError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import { openAuditKey, openSecrets } from "../../src/vault/envelope.ts";
import { deriveKek } from "../../src/vault/kdf.ts";
import type { Kek } from "../../src/vault/key-bytes.ts";
import { parseKek } from "../../src/vault/key-bytes.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import type { VaultFile } from "../../src/vault/vault-file.ts";
import { encodeVaultFile, parseWholeVaultFile, verifyVaultFile } from "../../src/vault/vault-file.ts";
import { passphraseKek } from "../second-opinion/crypto.ts";
import type { KeySlot } from "../second-opinion/forms.ts";
import { Refusal } from "../second-opinion/forms.ts";
import { openAuditKey as openAuditKeyAgain, openSecret, readVault, unlockVault } from "../second-opinion/reader.ts";
import { writeVault } from "../second-opinion/writer.ts";
import type { Vector } from "../support/vector-file.ts";
import { formatVector, parseVector, vaultBytes } from "../support/vector-file.ts";
import { vectors } from "../vectors/catalogue/all.ts";

const folder = fileURLToPath(new URL("../vectors/", import.meta.url));
const files = new Map(readdirSync(folder).filter((file) => file.endsWith(".txt")).map((file) => [file.slice(0, -".txt".length), readFileSync(folder + file)]));

/** What a reader makes of a vector. */
interface Outcome {
  readonly verdict: string;
  readonly auditKey?: string;
  readonly secrets?: readonly (readonly [name: string, value: string])[];
  readonly rewritten?: Buffer;
}

test("the vectors are those that the generator makes", () => {
  expect(vectors.length).toBe(files.size);
  expect(vectors.filter((vector) => !formatVector(vector).equals(files.get(vector.name) ?? Buffer.alloc(0))).map(({ name }) => name)).toEqual([]);
});

test("every error that FORMAT.md gives a reader has a vector", () => {
  const spec = readFileSync(new URL("../../src/vault/FORMAT.md", import.meta.url), "utf8");
  const table = spec.slice(spec.indexOf("## Reading"), spec.indexOf("## Writing")).split("\n").filter((line) => line.startsWith("|")).slice(2);
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
    for (const { auditKey, secrets, rewritten } of outcomes) {
      expect(auditKey).toBe(vector.auditKey?.toString("hex"));
      expect(secrets).toEqual(vector.secrets.map(([secret, value]) => [secret, value.toString("hex")]));
      expect(rewritten !== undefined && equalBytes(rewritten, bytes)).toBe(true);
    }
  });
});

async function readWithSource(vector: Vector, bytes: Uint8Array): Promise<Outcome> {
  try {
    const file = parseWholeVaultFile(bytes);
    const holder = holdKek(await kekOf(vector, file), file.contents.id);
    await verifyVaultFile(file, holder);
    const auditKey = Buffer.from(await openAuditKey(holder, file.contents.id, file.contents.audit.key)).toString("hex");
    const values = await openSecrets(holder, file.contents.id, file.contents.secrets);
    const secrets = file.contents.secrets.map((record, index) => [record.name, Buffer.from(values[index]!.reveal()).toString("hex")] as const);
    return { verdict: "success", auditKey, secrets, rewritten: Buffer.from(await encodeVaultFile(file.contents, holder)) };
  } catch (error) {
    if (error instanceof VaultError) return { verdict: error.code };
    throw error;
  }
}

async function kekOf({ key }: Vector, { contents: { slot } }: VaultFile): Promise<Kek> {
  if (key.kind === "kek") return parseKek(new Uint8Array(key.bytes));
  if (slot.locator.provider !== "passphrase") throw new Error("a vector with a passphrase for another provider");
  return deriveKek(Secret.fromText(key.text), slot.locator.kdf);
}

function readWithSecondOpinion({ key }: Vector, bytes: Uint8Array): Outcome {
  try {
    const file = readVault(bytes);
    const kek = secondKekOf(key, file.key);
    const keys = unlockVault(file, kek);
    const auditKey = openAuditKeyAgain(file, keys).toString("hex");
    const secrets = file.secrets.map((record) => [record.name, openSecret(file, keys, record).toString("hex")] as const);
    return { verdict: "success", auditKey, secrets, rewritten: writeVault(file, kek) };
  } catch (error) {
    if (error instanceof Refusal) return { verdict: error.code };
    throw error;
  }
}

function secondKekOf(key: Vector["key"], slot: KeySlot): Buffer {
  if (key.kind === "kek") return key.bytes;
  if (slot.provider !== "passphrase") throw new Error("a vector with a passphrase for another provider");
  return passphraseKek(key.text, slot.kdf);
}
