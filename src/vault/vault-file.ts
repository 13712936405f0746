// The bytes of vault.json: canonical form, checksum and MAC (FORMAT.md, "The file").
import { createHash } from "node:crypto";
import { concatBytes, encodeBase64, equalBytes, findBase64, isText, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import * as json from "./json-shape.ts";
import type { KeyHolder } from "./key-holder.ts";
import type { KeySlot } from "./key-slot.ts";
import { encodeKeySlot, parseKeySlot, requireKeyOfSlot } from "./key-slot.ts";
import type { Box, SecretRecord } from "./record.ts";
import { parseWrap } from "./record.ts";
import type { RecordList } from "./record-list.ts";
import { encodeLine, listRecords, notCanonical, parsePart } from "./record-list.ts";
import type { HeadMember, VaultLayout } from "./vault-layout.ts";
import { encodeBody, encodeHeadLine, encodeTail, findLayout, HEAD_LINES, memberJson } from "./vault-layout.ts";
import { FEATURES_MAX, isFeature, requireThisVersion } from "./vault-version.ts";

export const VAULT_ID_BYTES = 16;
export const HASH_BYTES = 32;
export const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** The newest audit entry that the vault vouches for. */
export interface AuditHead {
  readonly sequence: number;
  /** Base64 of the entry's 32-byte hash. */
  readonly hash: string;
}

export interface VaultContents {
  /** 16 random bytes. */
  readonly id: Uint8Array;
  /** 1 when made, one more with each write. */
  readonly generation: number;
  readonly slot: KeySlot;
  /** The wrapped vault key, of which the keys of the audit log, of placeholders, of services and of the anchor are made. */
  readonly vaultKey: Box;
  readonly audit: AuditHead;
  /** Sorted by id. In a file that was parsed they are read when they are asked for, which throws as `RecordList.all` does. */
  readonly secrets: readonly SecretRecord[];
}

/** A file that passed every check that needs no key, but for those of the records that were not read yet. */
export interface VaultFile {
  readonly contents: VaultContents;
  readonly records: RecordList;
  /** SHA-256 of the body: what the MAC is over. */
  readonly bodyHash: Uint8Array;
  readonly mac: Uint8Array;
}

/**
 * The canonical bytes of a vault, with its MAC from the holder.
 *
 * @throws VaultError `too-large` over 16 MiB.
 */
export async function encodeVaultFile(contents: VaultContents, holder: KeyHolder): Promise<Uint8Array> {
  const body = utf8(encodeBody(encodeHead(contents), contents.secrets.map(encodeLine)));
  const bodyHash = sha256(body);
  const mac = await holder.authenticate(bodyHash);
  const bytes = concatBytes(body, encodeTail(quote(mac), quote(checksumOf(bodyHash, mac))));
  if (bytes.length > FILE_BYTES_MAX) throw new VaultError("too-large", "the vault would grow beyond 16 MiB", "delete secrets that are no longer used, or keep a second vault with VAULT_DIR");
  return bytes;
}

/**
 * Reads vault.json as far as that goes without a key and without a look at the secrets, cheapest checks first. The records are read when they are asked for.
 *
 * @throws VaultError, in this order: `newer-version`; `too-large`; `bad-json`; `not-canonical` for bytes that are not in the layout;
 * per member `out-of-bounds` for its length, `too-deep`, `bad-json`, `bad-schema`, `out-of-bounds`, `not-canonical`; `bad-checksum`.
 */
export function parseVaultFile(bytes: Uint8Array): VaultFile {
  requireThisVersion(bytes);
  if (bytes.length > FILE_BYTES_MAX) throw new VaultError("too-large", "the vault file is larger than 16 MiB");
  if (!isText(bytes)) throw new VaultError("bad-json", "the vault file is not UTF-8 text");
  const layout = findLayout(bytes);
  if (layout === undefined) throw notCanonical();

  const records = listRecords(layout.records);
  const contents: VaultContents = {
    ...parseHead(layout),
    get secrets() {
      return records.all();
    },
  };
  const mac = decode(json.parseBase64(parsePart(layout.mac), HASH_BYTES, "the mac"));
  const checksum = decode(json.parseBase64(parsePart(layout.checksum), HASH_BYTES, "the checksum"));
  const bodyHash = sha256(layout.body);
  if (!equalBytes(checksum, checksumOf(bodyHash, mac))) throw new VaultError("bad-checksum", "the vault file is damaged: its checksum does not match", "restore vault.json from a backup");
  return { contents, records, bodyHash, mac };
}

/**
 * The checks that need the key. Until this has passed, nothing in the file is to be believed.
 *
 * @throws VaultError `wrong-key`, `bad-key-slot` or `bad-mac`.
 */
export async function verifyVaultFile(file: VaultFile, holder: KeyHolder): Promise<void> {
  requireKeyOfSlot(file.contents.slot, holder);
  const mac = await holder.authenticate(file.bodyHash);
  if (!equalBytes(mac, file.mac)) throw new VaultError("bad-mac", "the vault file was modified by someone without its key", "restore vault.json from a backup");
}

type VaultHead = Omit<VaultContents, "secrets">;

/** Each member in the order of the file: its form, and then its line, byte for byte. */
function parseHead({ head }: VaultLayout): VaultHead {
  const read = <T>(name: HeadMember, parse: (value: unknown) => T, encode: (value: T) => string): T => {
    const line = head[HEAD_LINES.indexOf(name)] ?? "";
    const value = parse(parsePart(memberJson(line, name)));
    if (encodeHeadLine(name, encode(value)) !== line) throw notCanonical();
    return value;
  };
  read("features", parseNoFeatures, JSON.stringify);
  const id = read("vault", (value) => decode(json.parseBase64(value, VAULT_ID_BYTES, "the vault's id")), quote);
  const generation = read("generation", (value) => json.parseInteger(value, 1, Number.MAX_SAFE_INTEGER, "the generation"), JSON.stringify);
  const slot = read("key", parseKeySlot, (value) => JSON.stringify(encodeKeySlot(value)));
  const vaultKey = read("vaultKey", (value) => parseWrap(value, "the vault key"), encodeWrap);
  const audit = read("audit", parseAuditHead, encodeAuditHead);
  return { id, generation, slot, vaultKey, audit };
}

function encodeHead(contents: VaultContents): Record<HeadMember, string> {
  return {
    features: "[]",
    vault: quote(contents.id),
    generation: JSON.stringify(contents.generation),
    key: JSON.stringify(encodeKeySlot(contents.slot)),
    vaultKey: encodeWrap(contents.vaultKey),
    audit: encodeAuditHead(contents.audit),
  };
}

/** A list of features as it should be was found by the first look at the file. */
function parseNoFeatures(value: unknown): readonly string[] {
  const features = json.parseArray(value, FEATURES_MAX, "the features").map((feature) => json.parseText(feature, "a feature"));
  if (!features.every(isFeature) || !json.isStrictlyAscending(features)) throw new VaultError("bad-schema", "the features are not in their form");
  return [];
}

function encodeWrap({ nonce, ciphertext }: Box): string {
  return JSON.stringify({ nonce, ciphertext });
}

function parseAuditHead(value: unknown): AuditHead {
  const head = json.parseObject(value, "the audit head");
  return {
    sequence: json.parseInteger(head["sequence"], 0, Number.MAX_SAFE_INTEGER, "the audit sequence"),
    hash: json.parseBase64(head["hash"], HASH_BYTES, "the audit hash"),
  };
}

function encodeAuditHead({ sequence, hash }: AuditHead): string {
  return JSON.stringify({ sequence, hash });
}

function checksumOf(bodyHash: Uint8Array, mac: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bodyHash).update(mac).digest());
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

function quote(bytes: Uint8Array): string {
  return JSON.stringify(encodeBase64(bytes));
}

function decode(base64: string): Uint8Array {
  return findBase64(base64) ?? new Uint8Array();
}
