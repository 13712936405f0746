// One small vault with every value on the way to it, as the second implementation makes them: FORMAT.md shows it, and `test/vault/worked-example.test.ts` has both implementations make it anew.
import { aeadSeal, base64, dekKeys, hmac, kekKeys, sealData, sessionData, sha256, vaultKeyData, vaultKeys, wrapData } from "../second-opinion/crypto.ts";
import { bodyOf, writeVault } from "../second-opinion/writer.ts";
import { slotFor, unsealed } from "./catalogue/subject.ts";

/** `length` bytes that count up. */
export const counting = (first: number, length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => first + index));

/** What somebody would draw at random. */
export const DRAWN = {
  kek: counting(0x00, 32),
  vaultId: counting(0xa0, 16),
  vaultKey: counting(0x20, 32),
  vaultKeyNonce: counting(0x80, 24),
  dek: counting(0x40, 32),
  valueNonce: counting(0x60, 24),
  dekNonce: counting(0xe0, 24),
  session: counting(0xc0, 16).toString("hex"),
  sessionNonce: counting(0x10, 24),
} as const;

export const VALUE = Buffer.from("not-a-real-token");
export const AT = "2026-01-31T09:30:00.000Z";
export const ENTRY = { seq: 1, at: AT, event: { kind: "vault.init", provider: "env" }, prev: Buffer.alloc(32).toString("base64") } as const;
export const RECORD = unsealed({ id: counting(0xb0, 16).toString("base64"), scope: { kind: "group", workspace: "acme", group: "b\u00fccher" }, updatedAt: AT });

/** What brokers keep of a session; the key is none. */
export const SESSION_TEXT = '{"did":"did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp","run":"0123456789abcdef","token":"00","caCertificate":"","caKey":"","workspace":null,"group":null,"secrets":[],"order":"{}"}';

export type Step = readonly [label: string, value: Uint8Array | string];

export function workedExample(): readonly Step[] {
  const { kek, vaultId, vaultKey, vaultKeyNonce, dek, valueNonce, dekNonce } = DRAWN;
  const vault = vaultId.toString("base64");
  const keys = kekKeys(kek, vaultId);
  const vaultKeyAad = vaultKeyData(vaultId, keys.keyId);
  const vaultKeyCiphertext = aeadSeal(keys.wrapKey, vaultKeyNonce, vaultKey, vaultKeyAad);
  const made = vaultKeys(vaultKey, vaultId);

  const { sealKey, commitment } = dekKeys(dek, valueNonce);
  const [sealAad, wrapAad] = [sealData(vaultId, RECORD), wrapData(vaultId, keys.keyId, RECORD)];
  const [value, wrapped] = [aeadSeal(sealKey, valueNonce, VALUE, sealAad), aeadSeal(keys.wrapKey, dekNonce, dek, wrapAad)];

  const logKey = hmac(made.audit, Buffer.from("vault/1 audit log"));
  const unsigned = JSON.stringify(ENTRY);
  const line = JSON.stringify({ ...ENTRY, mac: hmac(logKey, sha256(Buffer.from(unsigned))).toString("base64") });

  const session = aeadSeal(made.sessions, DRAWN.sessionNonce, Buffer.from(SESSION_TEXT), sessionData(DRAWN.session));

  const contents = {
    vault, generation: 1, key: slotFor(kek, { provider: "env", variable: "VAULT_KEK" }, vault),
    vaultKey: { nonce: vaultKeyNonce.toString("base64"), ciphertext: vaultKeyCiphertext.toString("base64") },
    audit: { sequence: 1, hash: sha256(Buffer.from(line)).toString("base64") },
    secrets: [{ ...RECORD, dek: { nonce: dekNonce.toString("base64"), ciphertext: wrapped.toString("base64") }, value: { nonce: valueNonce.toString("base64"), commitment: commitment.toString("base64"), ciphertext: value.toString("base64") } }],
  };
  const bodyHash = sha256(Buffer.from(bodyOf(contents)));
  const mac = hmac(keys.macKey, bodyHash);
  return [
    ["KEK", kek], ["vault id", vaultId], ["wrap key", keys.wrapKey], ["MAC key", keys.macKey], ["commitment", keys.commitment], ["key id", keys.keyId],
    ["vault key", vaultKey], ["vault key nonce", vaultKeyNonce], ["vault key AAD", vaultKeyAad], ["vault key ciphertext", vaultKeyCiphertext],
    ["audit key", made.audit], ["placeholder key", made.placeholder], ["services key", made.services], ["anchor key", made.anchor],
    ["sessions key", made.sessions], ["brokers' nonce", hmac(made.sessions, Buffer.from("vault/1 broker nonce")).subarray(0, 16)],
    ["secret id", base64(RECORD.id)], ["placeholder seed", hmac(made.placeholder, base64(RECORD.id))],
    ["value", VALUE], ["DEK", dek], ["value nonce", valueNonce], ["seal key", sealKey], ["value commitment", commitment], ["seal AAD", sealAad], ["value ciphertext", value],
    ["DEK nonce", dekNonce], ["wrap AAD", wrapAad], ["DEK ciphertext", wrapped],
    ["log key", logKey], ["entry without MAC", unsigned], ["entry", line], ["entry hash", sha256(Buffer.from(line))],
    ["session", SESSION_TEXT], ["session nonce", DRAWN.sessionNonce], ["session AAD", sessionData(DRAWN.session)], ["session ciphertext", session],
    ["body hash", bodyHash], ["mac", mac], ["checksum", sha256(bodyHash, mac)],
    ["file", writeVault(contents, kek).toString("utf8")],
  ];
}

/** As FORMAT.md shows it: bytes in hexadecimal, text as it stands; the file follows in a block of its own. */
export function formatSteps(steps: readonly Step[]): string {
  return steps.filter(([label]) => label !== "file").map(([label, value]) => `${label.padEnd(20)} ${typeof value === "string" ? value : Buffer.from(value).toString("hex")}\n`).join("");
}
