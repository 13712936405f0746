// FORMAT.md's example: what it shows is what each of the two implementations makes of what was drawn.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encodeEntry, partKey } from "../../src/audit/entry.ts";
import { nonceOfBrokers, sealText } from "../../src/app/broker/session-seal.ts";
import { findBase64, utf8 } from "../../src/bytes.ts";
import { sealAad, vaultKeyAad, wrapAad } from "../../src/vault/aad.ts";
import { deriveFromDek, deriveFromKek, deriveFromVaultKey, hmacSha256 } from "../../src/vault/derive.ts";
import { openSecrets, openVaultKeys } from "../../src/vault/envelope.ts";
import { asDek, parseKek } from "../../src/vault/key-bytes.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import { encodeVaultFile, parseVaultFile, verifyVaultFile } from "../../src/vault/vault-file.ts";
import { seal } from "../../src/vault/xchacha.ts";
import { AT, DRAWN, ENTRY, formatSteps, SESSION_TEXT, VALUE, workedExample } from "../vectors/worked-example.ts";

const spec = readFileSync(new URL("../../src/vault/FORMAT.md", import.meta.url), "utf8");
const steps = new Map(workedExample());
const bytesOf = (label: string): Uint8Array => {
  const value = steps.get(label);
  return typeof value === "string" ? utf8(value) : new Uint8Array(value ?? []);
};

test("FORMAT.md shows what the second implementation makes", () => {
  expect(spec).toContain(`\`\`\`\n${formatSteps([...steps])}\`\`\`\n`);
  expect(spec).toContain(`\`\`\`\n${String(steps.get("file"))}\`\`\`\n`);
});

test("this program makes the same", async () => {
  const [kek, vaultId, vaultKey, dek] = [parseKek(new Uint8Array(DRAWN.kek)), new Uint8Array(DRAWN.vaultId), asDek(new Uint8Array(DRAWN.vaultKey)), asDek(new Uint8Array(DRAWN.dek))];
  const file = parseVaultFile(bytesOf("file"));
  const holder = holdKek(kek, vaultId);
  await verifyVaultFile(file, holder);
  const [record] = file.contents.secrets;
  if (record === undefined) throw new Error("the example has a secret");

  const keys = deriveFromKek(kek, vaultId);
  const made = deriveFromVaultKey(vaultKey, vaultId);
  const { sealKey, commitment } = deriveFromDek(dek, DRAWN.valueNonce);
  const { line } = encodeEntry({ sequence: 0, hash: ENTRY.prev }, ENTRY.event, new Date(AT), partKey(made.audit, { kind: "log" }));
  const own: Record<string, Uint8Array> = {
    "wrap key": keys.wrapKey, "MAC key": keys.macKey, commitment: keys.commitment, "key id": keys.keyId,
    "vault key AAD": vaultKeyAad(vaultId, keys.keyId), "vault key ciphertext": seal(keys.wrapKey, DRAWN.vaultKeyNonce, vaultKey, vaultKeyAad(vaultId, keys.keyId)),
    "audit key": made.audit, "placeholder key": made.placeholder, "services key": made.services, "anchor key": made.anchor,
    "sessions key": made.sessions, "brokers' nonce": Buffer.from(nonceOfBrokers(made.sessions), "hex"),
    "session ciphertext": (findBase64(sealText(made.sessions, DRAWN.session, utf8(SESSION_TEXT), DRAWN.sessionNonce)) ?? new Uint8Array()).subarray(24),
    "placeholder seed": hmacSha256(made.placeholder, bytesOf("secret id")),
    "seal key": sealKey, "value commitment": commitment, "seal AAD": sealAad(vaultId, record), "value ciphertext": seal(sealKey, DRAWN.valueNonce, VALUE, sealAad(vaultId, record)),
    "wrap AAD": wrapAad(vaultId, keys.keyId, record), "DEK ciphertext": seal(keys.wrapKey, DRAWN.dekNonce, dek, wrapAad(vaultId, keys.keyId, record)),
    "log key": partKey(made.audit, { kind: "log" }), entry: utf8(line.slice(0, -1)),
    "body hash": file.bodyHash, mac: file.mac,
    file: await encodeVaultFile(file.contents, holder),
  };
  for (const [label, bytes] of Object.entries(own)) expect([label, Buffer.from(bytes).toString("hex")]).toEqual([label, Buffer.from(bytesOf(label)).toString("hex")]);
  expect(await openVaultKeys(holder, file.contents)).toEqual(made);
  const [value] = await openSecrets(holder, vaultId, [record]);
  expect(value?.reveal()).toEqual(new Uint8Array(VALUE));
});
