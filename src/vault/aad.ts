// Associated data: what a wrapped DEK and a sealed value are bound to (FORMAT.md, "Associated data").
import { concatBytes, findBase64, utf8 } from "../bytes.ts";
import type { SecretBinding } from "./record.ts";
import { encodeRules } from "./rules.ts";
import { encodeSource } from "./source.ts";
import { FORMAT_VERSION } from "./vault-version.ts";

/** One byte each, in this order in the data. Numbers are never reused. */
const TAG = {
  purpose: 0x01,
  formatVersion: 0x02,
  vaultId: 0x03,
  keyId: 0x04,
  secretId: 0x05,
  name: 0x06,
  scopeKind: 0x07,
  workspace: 0x08,
  group: 0x09,
  memberWorkspace: 0x0a,
  memberGroup: 0x0b,
  service: 0x0c,
  host: 0x0d,
  place: 0x0e,
  allowPrivate: 0x0f,
  valueVersion: 0x10,
  scrub: 0x11,
  placeholder: 0x12,
  source: 0x13,
  rules: 0x14,
} as const;

/** What the wrap of a DEK is bound to: the KEK's id, so that it opens under no other slot, and all that the value is bound to. */
export function wrapAad(vaultId: Uint8Array, keyId: Uint8Array, binding: SecretBinding): Uint8Array {
  return concatBytes(...head("wrap", vaultId), field(TAG.keyId, keyId), ...bindingFields(binding));
}

/** What a sealed value is bound to. Without the key's id, so that a new KEK needs no new ciphertext. */
export function sealAad(vaultId: Uint8Array, binding: SecretBinding): Uint8Array {
  return concatBytes(...head("seal", vaultId), ...bindingFields(binding));
}

/** What the vault key's wrap is bound to. */
export function vaultKeyAad(vaultId: Uint8Array, keyId: Uint8Array): Uint8Array {
  return concatBytes(...head("vault-key", vaultId), field(TAG.keyId, keyId));
}

function head(purpose: "wrap" | "seal" | "vault-key", vaultId: Uint8Array): Uint8Array[] {
  return [field(TAG.purpose, utf8(purpose)), field(TAG.formatVersion, uint32(FORMAT_VERSION)), field(TAG.vaultId, vaultId)];
}

function bindingFields(binding: SecretBinding): Uint8Array[] {
  const { scope } = binding;
  return [
    field(TAG.secretId, findBase64(binding.id) ?? new Uint8Array()),
    field(TAG.name, utf8(binding.name)),
    field(TAG.scopeKind, utf8(scope.kind)),
    ...(scope.kind === "global" ? [] : [field(TAG.workspace, utf8(scope.workspace))]),
    ...(scope.kind === "group" ? [field(TAG.group, utf8(scope.group))] : []),
    ...binding.groups.flatMap(({ workspace, group }) => [field(TAG.memberWorkspace, utf8(workspace)), field(TAG.memberGroup, utf8(group))]),
    ...(binding.service === undefined ? [] : [field(TAG.service, utf8(binding.service))]),
    ...binding.hosts.map((host) => field(TAG.host, utf8(host))),
    ...binding.places.map((place) => field(TAG.place, utf8(place))),
    field(TAG.allowPrivate, Uint8Array.of(binding.allowPrivate ? 1 : 0)),
    field(TAG.valueVersion, uint32(binding.version)),
    field(TAG.scrub, Uint8Array.of(binding.scrub ? 1 : 0)),
    ...(binding.placeholder === undefined ? [] : [field(TAG.placeholder, utf8(binding.placeholder))]),
    field(TAG.source, utf8(JSON.stringify(encodeSource(binding.source)))),
    ...(binding.rules === undefined ? [] : [field(TAG.rules, utf8(JSON.stringify(encodeRules(binding.rules))))]),
  ];
}

/** Tag, length, bytes: no two lists of fields give the same data. */
function field(tag: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tag), uint32(bytes.length), bytes);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, false);
  return bytes;
}
