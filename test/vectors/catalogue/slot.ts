// Defects of the key slot, KDF costs, and keys that are not the slot's.
import { writeVault } from "../../second-opinion/writer.ts";
import type { Vector } from "../../support/vector-file.ts";
import { withPassphrase } from "./success.ts";
import { contentsOf, drawFrom, FIRST, KEK, OTHER_KEK, refused, slotFor, spoilt, SUBJECT, VAULT, VAULT_KEY } from "./subject.ts";

const kdf = { algorithm: "argon2id", version: 19, memoryKib: 65_536, passes: 3, lanes: 1, salt: drawFrom("salt")(16).toString("base64") } as const;
const good = {
  passphrase: slotFor(KEK, { provider: "passphrase", kdf }),
  file: slotFor(KEK, { provider: "file", path: "kek.key", owned: true }),
  keyring: slotFor(KEK, { provider: "keyring", service: "vault", account: "default", owned: true }),
  env: slotFor(KEK, { provider: "env", variable: "VAULT_KEK" }),
} as const;

/** A slot of a provider with members replaced (or taken out, by `undefined`); the rest of the file is right for it. */
function slot(name: string, expect: string, comment: string, provider: keyof typeof good, changes: object): Vector {
  return refused(name, expect, comment, writeVault(contentsOf([FIRST], { key: { ...good[provider], ...changes } }), KEK));
}

/** Any KEK will do: costs are refused before anything is derived. */
function costs(name: string, expect: string, comment: string, changes: object): Vector {
  return slot(name, expect, comment, "passphrase", { kdf: { ...kdf, ...changes } });
}

const base64Key = KEK.toString("base64");
const TEXT_KEY = Buffer.from("correct horse battery staple 123");

/** A vault of the provider `file`, and what stands in its key file. */
function keyFile(name: string, comment: string, content: Buffer, kek = KEK, expect = "success"): Vector {
  const body = writeVault(contentsOf([FIRST], { key: slotFor(kek, { provider: "file", path: "kek.key", owned: false }) }, kek), kek);
  const gives: Pick<Vector, "vaultKey" | "secrets"> = expect === "success" ? { vaultKey: VAULT_KEY, secrets: [[FIRST.record.name, FIRST.value]] } : { secrets: [] };
  return { name, expect, comment, key: { kind: "key-file", bytes: content }, ...gives, body };
}

const other = slotFor(OTHER_KEK, { provider: "env", variable: "VAULT_KEK" });

export const slotDefects: readonly Vector[] = [
  slot("slot-provider-unknown", "bad-schema", "no provider of version 1", "env", { provider: "tpm" }),
  slot("slot-provider-proto", "bad-schema", "a provider named as what every object inherits", "env", { provider: "__proto__" }),
  slot("slot-provider-missing", "bad-schema", "no provider", "env", { provider: undefined }),
  slot("slot-provider-other", "bad-schema", "the keyring's members under another provider", "keyring", { provider: "file" }),
  slot("slot-id-short", "bad-schema", "15 bytes", "env", { id: Buffer.alloc(15).toString("base64") }),
  slot("slot-id-missing", "bad-schema", "no key id", "env", { id: undefined }),
  slot("slot-commitment-long", "bad-schema", "33 bytes", "env", { commitment: Buffer.alloc(33).toString("base64") }),
  slot("slot-unknown-member", "not-canonical", "a member that is not in the table", "env", { note: 1 }),
  spoilt("slot-member-order", "not-canonical", "the commitment before the id", `"id":"${SUBJECT.key.id}","commitment":"${SUBJECT.key.commitment}"`, `"commitment":"${SUBJECT.key.commitment}","id":"${SUBJECT.key.id}"`),
  spoilt("slot-doubled-member", "not-canonical", "the id twice, and the last one is right", `"id":"${SUBJECT.key.id}"`, `"id":"","id":"${SUBJECT.key.id}"`),
  spoilt("slot-blank", "not-canonical", "a space in compact JSON", '"provider":"env"', '"provider": "env"'),
  spoilt("slot-comma", "bad-json", "a comma behind the last member", '"variable":"VAULT_KEK"}', '"variable":"VAULT_KEK",}'),
  spoilt("slot-single-quotes", "bad-json", "no JSON", '"provider":"env"', "\"provider\":'env'"),
  slot("slot-path-empty", "bad-schema", "an empty path", "file", { path: "" }),
  slot("slot-path-long", "bad-schema", "4097 UTF-16 units", "file", { path: "k".repeat(4097) }),
  slot("slot-path-newline", "bad-schema", "a line feed", "file", { path: "a\nb" }),
  slot("slot-owned-text", "bad-schema", "owned is true or false", "file", { owned: "true" }),
  slot("slot-owned-missing", "bad-schema", "no owned", "file", { owned: undefined }),
  slot("slot-keyring-service-long", "bad-schema", "257 UTF-16 units", "keyring", { service: "s".repeat(257) }),
  slot("slot-keyring-account-blank", "bad-schema", "a space at the end", "keyring", { account: "me " }),
  slot("slot-variable-digit", "bad-schema", "begins with a digit", "env", { variable: "1KEY" }),
  slot("slot-variable-equals", "bad-schema", "an equals sign", "env", { variable: "A=B" }),
  slot("slot-variable-long", "bad-schema", "129 characters", "env", { variable: "A".repeat(129) }),
  slot("slot-variable-line-end", "bad-schema", "a line feed at the end, which `$` of a regular expression may forgive", "env", { variable: "KEY\n" }),

  slot("kdf-missing", "bad-schema", "no kdf", "passphrase", { kdf: undefined }),
  costs("kdf-algorithm", "bad-schema", "argon2i", { algorithm: "argon2i" }),
  costs("kdf-version", "bad-schema", "argon2 version 0x10", { version: 16 }),
  costs("kdf-lanes", "bad-schema", "four lanes", { lanes: 4 }),
  costs("kdf-salt-short", "bad-schema", "8 bytes", { salt: Buffer.alloc(8).toString("base64") }),
  costs("kdf-memory-text", "bad-schema", "no number", { memoryKib: "65536" }),
  costs("kdf-memory-fraction", "bad-schema", "not whole", { memoryKib: 65_536.5 }),
  costs("kdf-memory-zero", "out-of-bounds", "0", { memoryKib: 0 }),
  costs("kdf-memory-negative", "out-of-bounds", "-65536", { memoryKib: -65_536 }),
  costs("kdf-memory-low", "out-of-bounds", "1 KiB below the least", { memoryKib: 19_455 }),
  costs("kdf-memory-high", "out-of-bounds", "1 KiB above the most", { memoryKib: 1_048_577 }),
  costs("kdf-memory-hostile", "out-of-bounds", "8 PiB", { memoryKib: Number.MAX_SAFE_INTEGER }),
  costs("kdf-memory-beyond-doubles", "out-of-bounds", "2^80", { memoryKib: 2 ** 80 }),
  costs("kdf-passes-low", "out-of-bounds", "1", { passes: 1 }),
  costs("kdf-passes-high", "out-of-bounds", "11", { passes: 11 }),
  costs("kdf-product", "out-of-bounds", "each in its bounds, the product 5 KiB above 4 GiB", { memoryKib: 838_861, passes: 5 }),
  costs("kdf-unknown-member", "not-canonical", "a member that is not in the table", { secret: "" }),

  refused("key-wrong", "wrong-key", "the vault of another KEK", writeVault(contentsOf([FIRST], {}, OTHER_KEK), OTHER_KEK)),
  { ...withPassphrase("key-wrong-passphrase", "another passphrase", "correct horse battery staple", "Correct horse battery staple"), expect: "wrong-key", secrets: [] },
  { ...refused("key-one-byte", "wrong-key", "32 times one byte is no key", writeVault(contentsOf([FIRST], {}, Buffer.alloc(32, 7)), Buffer.alloc(32, 7))), key: { kind: "kek", bytes: Buffer.alloc(32, 7) } },
  { ...refused("key-short", "wrong-key", "31 bytes are no key", writeVault(contentsOf([FIRST], {}, KEK.subarray(1)), KEK.subarray(1))), key: { kind: "kek", bytes: KEK.subarray(1) } },
  keyFile("success-key-file-raw", "32 raw bytes", KEK),
  keyFile("success-key-file-base64", "base64", Buffer.from(base64Key)),
  keyFile("success-key-file-lf", "base64 and LF", Buffer.from(`${base64Key}\n`)),
  keyFile("success-key-file-crlf", "base64 and CR LF", Buffer.from(`${base64Key}\r\n`)),
  keyFile("key-file-two-line-ends", "two line ends", Buffer.from(`${base64Key}\n\n`), KEK, "wrong-key"),
  keyFile("key-file-cr", "CR alone", Buffer.from(`${base64Key}\r`), KEK, "wrong-key"),
  keyFile("key-file-unpadded", "base64 without padding", Buffer.from(base64Key.replace("=", "")), KEK, "wrong-key"),
  keyFile("key-file-hexadecimal", "hexadecimal", Buffer.from(KEK.toString("hex")), KEK, "wrong-key"),
  keyFile("key-file-empty", "nothing", Buffer.alloc(0), KEK, "wrong-key"),
  keyFile("key-file-33-bytes", "32 bytes and LF", Buffer.concat([KEK, Buffer.from("\n")]), KEK, "wrong-key"),
  keyFile("key-file-text", "32 characters of text, although the vault is that key's", TEXT_KEY, TEXT_KEY, "wrong-key"),
  keyFile("success-key-file-text-and-tab", "32 bytes of which one cannot be printed", Buffer.from(TEXT_KEY.toString().replace(" ", "\t")), Buffer.from(TEXT_KEY.toString().replace(" ", "\t"))),
  slot("key-id-of-other-key", "bad-key-slot", "the commitment is the KEK's, the id another one's", "env", { id: other.id }),
  slot("key-commitment-of-other-key", "bad-key-slot", "the id is the KEK's, the commitment another one's", "env", { commitment: other.commitment }),
  slot("key-of-other-vault", "wrong-key", "id and commitment of the same KEK in another vault", "env", slotFor(KEK, { provider: "env", variable: "VAULT_KEK" }, FIRST.record.id)),
  spoilt("vault-id-changed", "wrong-key", "another vault id: every key that comes from the KEK is another one", VAULT, FIRST.record.id.replace("M", "N")),
];
