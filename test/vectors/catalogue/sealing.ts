// Ciphertexts that must not open: in the wrong place, under the wrong key, or with a word of what they are bound to changed.
// Every file here has a right MAC: only the sealing itself is left to stop whoever made it.
import { aeadSeal, base64, dekKeys, kekKeys, sealData, wrapData } from "../../second-opinion/crypto.ts";
import type { SecretRecord } from "../../second-opinion/forms.ts";
import { sealSecret, sealValue, wrapVaultKey, wrapDek, writeVault } from "../../second-opinion/writer.ts";
import type { Vector } from "../../support/vector-file.ts";
import { contentsOf, drawFrom, FIRST, KEK, OTHER_KEK, refused, SUBJECT, tampered, unsealed, VAULT } from "./subject.ts";

const [first, second] = SUBJECT.secrets;
if (first === undefined || second === undefined) throw new Error("the subject has two secrets");
const draw = drawFrom("sealing");
const keys = kekKeys(KEK, base64(VAULT));
const OTHER_VAULT = FIRST.record.id;

/** With its lowest bit flipped in one byte, counted from the end where `at` is negative. */
function flipped(text: string, at: number): string {
  const bytes = base64(text);
  const index = at < 0 ? bytes.length + at : at;
  bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
  return bytes.toString("base64");
}

/** A member changed after sealing: the wrap is opened first, and is bound to all that the value is bound to. */
function rebound(member: string, comment: string, changes: Partial<SecretRecord>): Vector {
  return tampered(`bound-${member}`, "bad-wrap", comment, (record) => ({ ...record, ...changes }));
}

/** The same, with the DEK wrapped anew for the changed record, so that only the value still knows its place. */
function rewrapped(member: string, comment: string, changes: Partial<SecretRecord>): Vector {
  const dek = draw(32);
  return tampered(`seal-${member}`, "bad-seal", comment, (record) => {
    const changed = { ...record, ...changes };
    return { ...changed, dek: wrapDek(VAULT, KEK, changed, dek, draw), value: sealValue(VAULT, record, dek, FIRST.value, draw) };
  });
}

const inPlaceOfFirst = (name: string, expect: string, comment: string, make: (record: SecretRecord) => Partial<SecretRecord>): Vector =>
  tampered(name, expect, comment, (record) => ({ ...record, ...make(record) }));

const RULES = { allow: ["GET /**"], deny: [], ask: [], rate: null, uses: null, until: null, maxBodyBytes: null, graphql: null };

const bindings: readonly (readonly [member: string, comment: string, changes: Partial<SecretRecord>])[] = [
  ["id", "another id", { id: unsealed().id.replace("MT", "MD") }],
  ["name", "another name", { name: "RENAMED" }],
  ["scope-kind", "a workspace's instead of global", { scope: { kind: "workspace", workspace: "acme" } }],
  ["groups", "attached to a group", { groups: [{ workspace: "acme", group: "ops" }] }],
  ["service", "pinned to a service", { service: "github" }],
  ["host", "another host", { hosts: ["evil.example.com:443"] }],
  ["host-added", "one host more", { hosts: ["api.example.com:443", "evil.example.com:443"] }],
  ["host-removed", "no host", { hosts: [] }],
  ["port", "another port", { hosts: ["api.example.com:8443"] }],
  ["wildcard", "a wildcard", { hosts: ["*.example.com:443"] }],
  ["place-added", "one place more", { places: ["basic", "body", "header"] }],
  ["allow-private", "private addresses allowed", { allowPrivate: true }],
  ["version", "another version of the value", { version: 2 }],
  ["place-named", "one header more", { places: ["basic", "header", "header:x-note"] }],
  ["scrub", "not scrubbed", { scrub: false }],
  ["placeholder", "another placeholder", { placeholder: "xyz_[A-Za-z0-9]{32}" }],
  ["rules", "rules that it was sealed without", { rules: RULES }],
];

const vaultKey = (name: string, comment: string, key: SecretRecord["dek"]): Vector =>
  refused(name, "bad-wrap", comment, writeVault({ ...SUBJECT, vaultKey: key }, KEK));

/** Fields moved between neighbours: what concatenation without lengths would not notice. */
function shifted(name: string, comment: string, sealed: Partial<SecretRecord>, shown: Partial<SecretRecord>): Vector {
  const record = sealSecret(VAULT, KEK, unsealed(sealed), FIRST.value, draw);
  return refused(`shifted-${name}`, "bad-wrap", comment, writeVault({ ...SUBJECT, secrets: [{ ...record, ...shown }] }, KEK));
}

export const sealingDefects: readonly Vector[] = [
  ...bindings.map((binding) => rebound(...binding)),
  ...bindings.map((binding) => rewrapped(...binding)),
  shifted("scope", "`a:b` with `c` sealed, `a` with `b:c` shown", { scope: { kind: "group", workspace: "a:b", group: "c" } }, { scope: { kind: "group", workspace: "a", group: "b:c" } }),
  shifted("scope-to-groups", "its own group sealed, a group that it is attached to shown", { scope: { kind: "group", workspace: "a", group: "b" } }, { scope: { kind: "global" }, groups: [{ workspace: "a", group: "b" }] }),
  shifted("rules-taken", "sealed with rules, shown without", { rules: RULES }, { rules: null }),
  shifted("rules-widened", "one more method in a rule", { rules: RULES }, { rules: { ...RULES, allow: ["DELETE,GET /**"] } }),
  shifted("service-to-name", "the service's id moved into the name", { name: "A", service: "b" }, { name: "Ab", service: null }),
  shifted("hosts", "two hosts sealed, one of them shown", { hosts: ["a.example.com:443", "b.example.com:443"] }, { hosts: ["a.example.com:443"] }),

  inPlaceOfFirst("transplant-envelope", "bad-wrap", "wrap and value of another secret of this vault", () => ({ dek: second.dek, value: second.value })),
  inPlaceOfFirst("transplant-dek", "bad-wrap", "the wrap of another secret", () => ({ dek: second.dek })),
  inPlaceOfFirst("transplant-value", "bad-commitment", "the value of another secret", () => ({ value: second.value })),
  inPlaceOfFirst("transplant-value-and-commitment-kept", "bad-seal", "another secret's ciphertext under this one's nonce and commitment", (record) => ({ value: { ...record.value, ciphertext: second.value.ciphertext } })),
  refused("transplant-from-other-vault", "bad-wrap", "a record of another vault of the same KEK", writeVault({ ...SUBJECT, secrets: contentsOf([FIRST], { vault: OTHER_VAULT }).secrets }, KEK)),
  refused("transplant-from-other-kek", "bad-wrap", "a record of the same vault under another KEK", writeVault({ ...SUBJECT, secrets: contentsOf([FIRST], {}, OTHER_KEK).secrets }, KEK)),
  inPlaceOfFirst("transplant-sealed-in-other-vault", "bad-seal", "the wrap is this vault's, the value was sealed for another vault", (record) => {
    const dek = draw(32);
    return { dek: wrapDek(VAULT, KEK, record, dek, draw), value: sealValue(OTHER_VAULT, record, dek, FIRST.value, draw) };
  }),
  refused("swapped-records", "bad-wrap", "two secrets have exchanged their envelopes", writeVault({ ...SUBJECT, secrets: [{ ...first, dek: second.dek, value: second.value }, { ...second, dek: first.dek, value: first.value }] }, KEK)),

  inPlaceOfFirst("wrap-flipped", "bad-wrap", "a bit of the wrap's ciphertext", ({ dek }) => ({ dek: { ...dek, ciphertext: flipped(dek.ciphertext, 0) } })),
  inPlaceOfFirst("wrap-tag-flipped", "bad-wrap", "a bit of the wrap's tag", ({ dek }) => ({ dek: { ...dek, ciphertext: flipped(dek.ciphertext, -1) } })),
  inPlaceOfFirst("wrap-nonce-flipped", "bad-wrap", "a bit of the wrap's nonce", ({ dek }) => ({ dek: { ...dek, nonce: flipped(dek.nonce, -1) } })),
  inPlaceOfFirst("wrap-key-id", "bad-wrap", "bound to another KEK's id", (record) => {
    const nonce = draw(24);
    const aad = wrapData(base64(VAULT), kekKeys(OTHER_KEK, base64(VAULT)).keyId, record);
    return { dek: { nonce: nonce.toString("base64"), ciphertext: aeadSeal(keys.wrapKey, nonce, draw(32), aad).toString("base64") } };
  }),
  inPlaceOfFirst("wrap-as-seal", "bad-wrap", "a DEK encrypted under the wrap key with the associated data of a value", (record) => {
    const nonce = draw(24);
    return { dek: { nonce: nonce.toString("base64"), ciphertext: aeadSeal(keys.wrapKey, nonce, draw(32), sealData(base64(VAULT), record)).toString("base64") } };
  }),
  inPlaceOfFirst("wrap-under-mac-key", "bad-wrap", "a DEK encrypted under the MAC key", (record) => {
    const nonce = draw(24);
    return { dek: { nonce: nonce.toString("base64"), ciphertext: aeadSeal(keys.macKey, nonce, draw(32), wrapData(base64(VAULT), keys.keyId, record)).toString("base64") } };
  }),
  inPlaceOfFirst("commitment-flipped", "bad-commitment", "a bit of the commitment", ({ value }) => ({ value: { ...value, commitment: flipped(value.commitment, -1) } })),
  inPlaceOfFirst("commitment-of-other-dek", "bad-commitment", "the ciphertext opens under the DEK's seal key, but the commitment is another DEK's", (record) => {
    const dek = draw(32);
    const value = sealValue(VAULT, record, dek, FIRST.value, draw);
    const { commitment } = dekKeys(draw(32), base64(value.nonce));
    return { dek: wrapDek(VAULT, KEK, record, dek, draw), value: { ...value, commitment: commitment.toString("base64") } };
  }),
  inPlaceOfFirst("commitment-of-other-nonce", "bad-commitment", "the DEK's commitment for another nonce", (record) => {
    const dek = draw(32);
    const value = sealValue(VAULT, record, dek, FIRST.value, draw);
    return { dek: wrapDek(VAULT, KEK, record, dek, draw), value: { ...value, commitment: dekKeys(dek, draw(24)).commitment.toString("base64") } };
  }),
  inPlaceOfFirst("seal-nonce-flipped", "bad-commitment", "a bit of the value's nonce, from which the commitment comes too", ({ value }) => ({ value: { ...value, nonce: flipped(value.nonce, 0) } })),
  inPlaceOfFirst("seal-flipped", "bad-seal", "a bit of the value's ciphertext", ({ value }) => ({ value: { ...value, ciphertext: flipped(value.ciphertext, 0) } })),
  inPlaceOfFirst("seal-tag-flipped", "bad-seal", "a bit of the value's tag", ({ value }) => ({ value: { ...value, ciphertext: flipped(value.ciphertext, -1) } })),
  inPlaceOfFirst("seal-truncated", "bad-seal", "the value's last byte is gone", ({ value }) => ({ value: { ...value, ciphertext: base64(value.ciphertext).subarray(0, -1).toString("base64") } })),
  inPlaceOfFirst("seal-under-dek", "bad-seal", "encrypted under the DEK itself instead of its seal key", (record) => {
    const [dek, nonce] = [draw(32), draw(24)];
    const ciphertext = aeadSeal(dek, nonce, FIRST.value, sealData(base64(VAULT), record));
    return { dek: wrapDek(VAULT, KEK, record, dek, draw), value: { nonce: nonce.toString("base64"), commitment: dekKeys(dek, nonce).commitment.toString("base64"), ciphertext: ciphertext.toString("base64") } };
  }),
  inPlaceOfFirst("seal-as-wrap", "bad-seal", "a value with the associated data of a wrap", (record) => {
    const [dek, nonce] = [draw(32), draw(24)];
    const { sealKey, commitment } = dekKeys(dek, nonce);
    const ciphertext = aeadSeal(sealKey, nonce, FIRST.value, wrapData(base64(VAULT), keys.keyId, record));
    return { dek: wrapDek(VAULT, KEK, record, dek, draw), value: { nonce: nonce.toString("base64"), commitment: commitment.toString("base64"), ciphertext: ciphertext.toString("base64") } };
  }),

  vaultKey("vault-key-flipped", "a bit of the vault key's wrap", { ...SUBJECT.vaultKey, ciphertext: flipped(SUBJECT.vaultKey.ciphertext, 0) }),
  vaultKey("vault-key-is-dek", "a DEK's wrap in the vault key's place", first.dek),
  vaultKey("vault-key-of-other-vault", "the vault key of another vault of the same KEK", wrapVaultKey(OTHER_VAULT, KEK, draw(32), draw)),
  inPlaceOfFirst("wrap-is-vault-key", "bad-wrap", "the vault key's wrap in a DEK's place", () => ({ dek: SUBJECT.vaultKey })),
  refused("second-secret-bad", "bad-seal", "the first secret opens, the second does not", writeVault({ ...SUBJECT, secrets: [first, { ...second, value: { ...second.value, ciphertext: flipped(second.value.ciphertext, 3) } }] }, KEK)),
];
