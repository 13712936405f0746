// The bytes of vault.json: canonical form, checksum and MAC (FORMAT.md, "The file").
import { createHash } from "node:crypto";
import { concatBytes, encodeBase64, equalBytes, findBase64, findText, isText, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { parseShallowJson } from "./shallow-json.ts";
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

export const VAULT_ID_BYTES = 16;
export const HASH_BYTES = 32;
export const FILE_BYTES_MAX = 16 * 1024 * 1024;
const FORMAT = "vault/1";
const VERSION = 1;
const FEATURES_MAX = 64;
/** A foreign file larger than this is not parsed just to say more exactly what is wrong with it. */
const DIAGNOSED_BYTES_MAX = 1024 * 1024;

/** The newest audit entry that the vault vouches for, and the wrapped key that authenticates entries. */
export interface AuditHead {
  readonly sequence: number;
  /** Base64 of the entry's 32-byte hash. */
  readonly hash: string;
  readonly key: Box;
}

export interface VaultContents {
  /** 16 random bytes. */
  readonly id: Uint8Array;
  /** 1 when made, one more with each write. */
  readonly generation: number;
  readonly slot: KeySlot;
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
 * Reads vault.json as far as that goes without a key, cheapest checks first. The records of a file whose checksum is right are read when they are asked for.
 *
 * @throws VaultError, in this order: `too-large`; `too-deep`, `bad-json`, `newer-version` or `not-canonical` for bytes that are not in the layout;
 * per member `out-of-bounds` for its length, `too-deep`, `bad-json`, `newer-version`, `bad-schema`, `out-of-bounds`, `not-canonical`; `bad-checksum`.
 */
export function parseVaultFile(bytes: Uint8Array): VaultFile {
  if (bytes.length > FILE_BYTES_MAX) throw new VaultError("too-large", "the vault file is larger than 16 MiB");
  if (!isText(bytes)) throw new VaultError("bad-json", "the vault file is not UTF-8 text");
  const layout = findLayout(bytes);
  if (layout === undefined) throw diagnose(bytes);

  requireThisVersion(memberOf(layout, "format"), memberOf(layout, "version"), memberOf(layout, "features"));
  const records = listRecords(layout.records);
  const contents: VaultContents = {
    id: decode(json.parseBase64(memberOf(layout, "vault"), VAULT_ID_BYTES, "the vault's id")),
    generation: json.parseInteger(memberOf(layout, "generation"), 1, Number.MAX_SAFE_INTEGER, "the generation"),
    slot: parseKeySlot(memberOf(layout, "key")),
    audit: parseAuditHead(memberOf(layout, "audit")),
    get secrets() {
      return records.all();
    },
  };
  const bodyHash = sha256(layout.body);
  // A damaged file is read whole, to say what is damaged.
  if (!isUndamaged(bodyHash, layout)) records.all();
  requireCanonicalHead(contents, layout);
  const mac = decode(json.parseBase64(parsePart(layout.mac), HASH_BYTES, "the mac"));
  const checksum = decode(json.parseBase64(parsePart(layout.checksum), HASH_BYTES, "the checksum"));
  if (!equalBytes(checksum, checksumOf(bodyHash, mac))) throw new VaultError("bad-checksum", "the vault file is damaged: its checksum does not match", "restore vault.json from a backup");
  return { contents, records, bodyHash, mac };
}

/** The same, and every record. @throws VaultError as `parseVaultFile`. */
export function parseWholeVaultFile(bytes: Uint8Array): VaultFile {
  const file = parseVaultFile(bytes);
  file.records.all();
  return file;
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

function encodeHead(contents: VaultContents): Record<HeadMember, string> {
  return {
    format: JSON.stringify(FORMAT),
    version: JSON.stringify(VERSION),
    vault: quote(contents.id),
    generation: JSON.stringify(contents.generation),
    features: "[]",
    key: JSON.stringify(encodeKeySlot(contents.slot)),
    audit: JSON.stringify({ sequence: contents.audit.sequence, hash: contents.audit.hash, key: { nonce: contents.audit.key.nonce, ciphertext: contents.audit.key.ciphertext } }),
  };
}

function memberOf({ head }: VaultLayout, name: HeadMember): unknown {
  return parsePart(memberJson(head[HEAD_LINES.indexOf(name)] ?? "", name));
}

function isUndamaged(bodyHash: Uint8Array, { mac, checksum }: VaultLayout): boolean {
  return equalBytes(decode(checksum.slice(1, -1)), checksumOf(bodyHash, decode(mac.slice(1, -1))));
}

function requireCanonicalHead(contents: VaultContents, { head }: VaultLayout): void {
  const canonical = encodeHead(contents);
  if (HEAD_LINES.some((name, index) => encodeHeadLine(name, canonical[name]) !== head[index])) throw notCanonical();
}

function parseAuditHead(value: unknown): AuditHead {
  const head = json.parseObject(value, "the audit head");
  return {
    sequence: json.parseInteger(head["sequence"], 0, Number.MAX_SAFE_INTEGER, "the audit sequence"),
    hash: json.parseBase64(head["hash"], HASH_BYTES, "the audit hash"),
    key: parseWrap(head["key"], "the audit key"),
  };
}

/** The version stands twice, so that damage to one of the two is damage and not a newer version. */
function requireThisVersion(format: unknown, version: unknown, features: unknown): void {
  const isNewer = typeof version === "number" && Number.isSafeInteger(version) && version > VERSION && format === `vault/${version}`;
  if (isNewer) throw newerVersion(`format ${version}`);
  if (format !== FORMAT || version !== VERSION) throw new VaultError("bad-schema", "the vault file's format and version do not agree");
  const unknown = json.parseArray(features, FEATURES_MAX, "the features").map((feature) => json.parseVisibleText(feature, 64, "a feature"));
  if (unknown[0] !== undefined) throw newerVersion(`the feature "${unknown[0]}"`);
}

/** Says what is wrong with a file that is not in the layout: made by a newer version, re-formatted by a tool, or no JSON at all. */
function diagnose(bytes: Uint8Array): VaultError {
  if (bytes.length > DIAGNOSED_BYTES_MAX) return notCanonical();
  try {
    const document = json.parseObject(parseShallowJson(findText(bytes) ?? ""), "the vault file");
    requireThisVersion(document["format"], document["version"], document["features"]);
  } catch (error) {
    if (error instanceof VaultError) return error;
  }
  return notCanonical();
}

function newerVersion(what: string): VaultError {
  return new VaultError("newer-version", `the vault was made by a newer version of this program (${what})`, "update vault; the file was left untouched");
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
