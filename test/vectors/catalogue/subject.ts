// The vault that most vectors spoil in one place, and the ways to spoil it.
import { createHash } from "node:crypto";
import { kekKeys } from "../../second-opinion/crypto.ts";
import type { KeySlot, SecretRecord } from "../../second-opinion/forms.ts";
import type { VaultContents } from "../../second-opinion/reader.ts";
import type { Draw, UnsealedRecord } from "../../second-opinion/writer.ts";
import { bodyOf, finish, sealSecret, wrapVaultKey, writeVault } from "../../second-opinion/writer.ts";
import type { Vector } from "../../support/vector-file.ts";

/** "Random" bytes that are the same on each run: SHA-256 over a seed and a counter. */
export function drawFrom(seed: string): Draw {
  let count = 0;
  return (length) => {
    count++;
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, block) => createHash("sha256").update(`${seed}/${count}/${block}`).digest());
    return Buffer.concat(blocks).subarray(0, length);
  };
}

const draw = drawFrom("subject");
export const VAULT = draw(16).toString("base64");
export const KEK = draw(32);
export const OTHER_KEK = draw(32);
export const VAULT_KEY = draw(32);

export type Locator = KeySlot extends infer S ? (S extends KeySlot ? Omit<S, "id" | "commitment"> : never) : never;

/** A slot whose id and commitment are the KEK's. */
export function slotFor(kek: Uint8Array, { provider, ...further }: Locator, vault = VAULT): KeySlot {
  const { keyId, commitment } = kekKeys(kek, Buffer.from(vault, "base64"));
  return { provider, id: keyId.toString("base64"), commitment: commitment.toString("base64"), ...further } as KeySlot;
}

/** A record that may be sent to one host in a header; `changes` replaces members without moving them. */
export function unsealed(changes: Partial<UnsealedRecord> = {}): UnsealedRecord {
  return {
    id: "MTExMTExMTExMTExMTExMQ==",
    name: "API_TOKEN",
    scope: { kind: "global" },
    groups: [],
    service: null,
    hosts: ["api.example.com:443"],
    places: ["basic", "header"],
    allowPrivate: false,
    scrub: true,
    placeholder: null,
    source: { kind: "stored" },
    rules: null,
    version: 1,
    createdAt: "2026-01-31T09:30:00.000Z",
    updatedAt: "2026-02-28T18:00:00.500Z",
    ...changes,
  };
}

export interface Item {
  readonly record: UnsealedRecord;
  readonly value: Buffer;
}

export const FIRST: Item = { record: unsealed(), value: Buffer.from("not-a-real-token-1") };
export const SECOND: Item = {
  record: unsealed({ id: "MjIyMjIyMjIyMjIyMjIyMg==", name: "OTHER_TOKEN", scope: { kind: "workspace", workspace: "acme" }, hosts: ["*.example.net:8443"], places: ["query"] }),
  value: Buffer.from("not-a-real-token-2"),
};

/** Contents with the items sealed. Seeded by what they hold, so that no other vector moves when one is added. */
export function contentsOf(items: readonly Item[], changes: Partial<VaultContents> = {}, kek: Uint8Array = KEK): VaultContents {
  const vault = changes.vault ?? VAULT;
  const random = drawFrom(JSON.stringify([vault, items.map(({ record }) => record)]));
  return {
    vault,
    generation: 7,
    key: slotFor(kek, { provider: "env", variable: "VAULT_KEK" }, vault),
    vaultKey: wrapVaultKey(vault, kek, VAULT_KEY, random),
    audit: { sequence: 3, hash: createHash("sha256").update("audit").digest("base64") },
    secrets: items.map(({ record, value }) => sealSecret(vault, kek, record, value, random)),
    ...changes,
  };
}

export const SUBJECT = contentsOf([FIRST, SECOND]);
const SUBJECT_KEYS = kekKeys(KEK, Buffer.from(VAULT, "base64"));

export function success(name: string, comment: string, items: readonly Item[], changes: Partial<VaultContents> = {}): Vector {
  const body = writeVault(contentsOf(items, changes), KEK);
  return { name, expect: "success", comment, key: { kind: "kek", bytes: KEK }, vaultKey: VAULT_KEY, secrets: items.map(({ record, value }) => [record.name, value]), body };
}

/** A whole file, as it is. */
export function refused(name: string, expect: string, comment: string, body: Buffer): Vector {
  return { name, expect, comment, key: { kind: "kek", bytes: KEK }, secrets: [], body };
}

/** The subject with text in its body replaced, and MAC and checksum made for that: whoever has the key can make such a file. */
export function spoilt(name: string, expect: string, comment: string, from: string, to: string): Vector {
  return refused(name, expect, comment, finish(Buffer.from(replaceOnce(bodyOf(SUBJECT), from, to)), SUBJECT_KEYS));
}

/** The finished subject with text replaced anywhere: what damage, or somebody without the key, makes of it. */
export function damaged(name: string, expect: string, comment: string, from: string, to: string): Vector {
  return refused(name, expect, comment, Buffer.from(replaceOnce(writeVault(SUBJECT, KEK).toString("utf8"), from, to)));
}

/** The subject with its first record changed after sealing, under the right MAC. */
export function tampered(name: string, expect: string, comment: string, change: (record: SecretRecord) => SecretRecord): Vector {
  const secrets = SUBJECT.secrets.map((record, index) => (index === 0 ? change(record) : record));
  return refused(name, expect, comment, writeVault({ ...SUBJECT, secrets }, KEK));
}

function replaceOnce(text: string, from: string, to: string): string {
  const [head, tail, ...more] = text.split(from);
  if (head === undefined || tail === undefined || more.length > 0) throw new Error(`${JSON.stringify(from)} does not stand in the subject once`);
  return head + to + tail;
}
