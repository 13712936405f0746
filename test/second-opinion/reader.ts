// FORMAT.md, "Reading: the order of checks": each check stands where the table has it.
import type { AuditHead, KeySlot, SecretRecord, Wrapped } from "./forms.ts";
import type { KekKeys } from "./crypto.ts";
import { aeadOpen, base64, dekKeys, equal, hmac, kekKeys, sealData, sha256, vaultKeyData, wrapData } from "./crypto.ts";
import { audit, keySlot, secretRecord, wrapped } from "./forms.ts";
import type { Form } from "./grammar.ts";
import { ascending, base64Of, demand, integer, matching, Refusal } from "./grammar.ts";

const MIB = 1024 * 1024;
const DEEPEST = 8;
const LONGEST_PART = 327_680;

export interface VaultHead {
  readonly vault: string;
  readonly generation: number;
  readonly key: KeySlot;
  readonly vaultKey: Wrapped;
  readonly audit: AuditHead;
}

export interface VaultContents extends VaultHead {
  readonly secrets: readonly SecretRecord[];
}

export interface VaultFile extends VaultHead {
  /** The secrets' lines, which nobody has looked at yet. */
  readonly lines: readonly string[];
  readonly bodyHash: Buffer;
  readonly mac: Buffer;
}

/** The checks that need no key, but for those of the secrets. Throws `Refusal`. */
export function readVault(bytes: Uint8Array): VaultFile {
  checkFirstLines(Buffer.from(bytes.subarray(0, 8192)).toString("latin1"));
  demand(bytes.length <= 16 * MIB, "too-large");
  const text = decode(bytes);
  const layout = findLayout(text);
  demand(layout !== undefined, "not-canonical");

  const lines = layout.members;
  const on = <T>(name: (typeof HEAD)[number], form: Form<T>): T => {
    const found = member(lines[name], form);
    demand(lines[name] === JSON.stringify(found), "not-canonical");
    return found;
  };
  on("features", (value) => (ascending(feature, 0, 64)(value), []));
  const vault = on("vault", base64Of(16));
  const generation = on("generation", integer(1, Number.MAX_SAFE_INTEGER));
  const key = on("key", keySlot);
  const vaultKey = on("vaultKey", wrapped);
  const head = on("audit", audit);

  const mac = base64(member(lines.mac, base64Of(32)));
  const checksum = base64(member(lines.checksum, base64Of(32)));
  const bodyHash = sha256(Buffer.from(text.slice(0, text.lastIndexOf('\n  "mac": ') + 1)));
  demand(equal(checksum, sha256(bodyHash, mac)), "bad-checksum");
  return { vault, generation, key, vaultKey, audit: head, lines: layout.secrets, bodyHash, mac };
}

/** The checks of the secrets, which come after those of the key where there is a key. */
export function readSecrets({ lines }: VaultFile): SecretRecord[] {
  demand(lines.length <= 100_000, "out-of-bounds");
  const secrets: SecretRecord[] = [];
  for (const [index, line] of lines.entries()) {
    const comma = index < lines.length - 1 ? "," : "";
    demand(line.endsWith(",") === (comma === ","), "bad-json");
    const secret = secretRecord(parsePart(line.slice(0, line.length - comma.length)));
    demand(line === `    ${JSON.stringify(secret)}${comma}`, "not-canonical");
    secrets.push(secret);
  }
  const names = new Set<string>();
  for (const [index, { id, name, scope }] of secrets.entries()) {
    demand(index === 0 || (secrets[index - 1]?.id ?? "") < id, "not-canonical");
    const full = JSON.stringify([scope, name]);
    demand(!names.has(full));
    names.add(full);
  }
  return secrets;
}

/** The checks that need the KEK, up to the MAC; gives the keys that open secrets. */
export function unlockVault(file: VaultFile, kek: Uint8Array): KekKeys {
  demand(kek.length === 32 && kek.some((byte) => byte !== kek[0]), "wrong-key");
  const keys = kekKeys(kek, base64(file.vault));
  const sameId = equal(keys.keyId, base64(file.key.id));
  const sameCommitment = equal(keys.commitment, base64(file.key.commitment));
  demand(sameId || sameCommitment, "wrong-key");
  demand(sameId && sameCommitment, "bad-key-slot");
  demand(equal(hmac(keys.macKey, file.bodyHash), file.mac), "bad-mac");
  return keys;
}

export function openVaultKey(file: Pick<VaultFile, "vault" | "vaultKey">, keys: KekKeys): Buffer {
  return unwrap(keys, file.vaultKey, vaultKeyData(base64(file.vault), keys.keyId));
}

export function openDek(file: Pick<VaultFile, "vault">, keys: KekKeys, record: SecretRecord): Buffer {
  return unwrap(keys, record.dek, wrapData(base64(file.vault), keys.keyId, record));
}

export function openSecret(file: Pick<VaultFile, "vault">, keys: KekKeys, record: SecretRecord): Buffer {
  const vaultId = base64(file.vault);
  const dek = openDek(file, keys, record);
  const nonce = base64(record.value.nonce);
  const { sealKey, commitment } = dekKeys(dek, nonce);
  demand(equal(commitment, base64(record.value.commitment)), "bad-commitment");
  const value = aeadOpen(sealKey, nonce, base64(record.value.ciphertext), sealData(vaultId, record));
  demand(value !== undefined, "bad-seal");
  return value;
}

function unwrap(keys: KekKeys, { nonce, ciphertext }: Wrapped, aad: Uint8Array): Buffer {
  const key = aeadOpen(keys.wrapKey, base64(nonce), base64(ciphertext), aad);
  demand(key !== undefined, "bad-wrap");
  return key;
}

/** The lines before the secrets, as a writer writes them. */
export function headLines(contents: VaultHead): string {
  return [
    '{"format": "vault/1",',
    '  "features": [],',
    `  "vault": ${JSON.stringify(contents.vault)},`,
    `  "generation": ${JSON.stringify(contents.generation)},`,
    `  "key": ${JSON.stringify(contents.key)},`,
    `  "vaultKey": ${JSON.stringify(contents.vaultKey)},`,
    `  "audit": ${JSON.stringify(contents.audit)},`,
    '  "secrets": [',
    "",
  ].join("\n");
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("bad-json");
  }
}

interface Layout {
  readonly members: Readonly<Record<(typeof MEMBERS)[number], string>>;
  readonly secrets: readonly string[];
}

const HEAD = ["features", "vault", "generation", "key", "vaultKey", "audit"] as const;
const MEMBERS = [...HEAD, "mac", "checksum"] as const;

/** The JSON text of each member, and the lines between them, or undefined where a line does not begin and end as it has to. */
function findLayout(text: string): Layout | undefined {
  const lines = text.split("\n");
  if (lines.length < 13) return undefined;
  const fixed = [lines.at(0), lines.at(7), lines.at(-5), lines.at(-2), lines.at(-1)];
  if (fixed.join("\n") !== '{"format": "vault/1",\n  "secrets": [\n  ],\n}\n') return undefined;
  if (!lines.slice(-4, -2).every((line) => /: "[^"\\]{44}",?$/.test(line))) return undefined;

  const named = [...lines.slice(1, 7), ...lines.slice(-4, -2)];
  const members = MEMBERS.map((name, index) => [name, between(named[index], `  "${name}": `, name === "checksum" ? "" : ",")] as const);
  if (members.some(([, content]) => content === undefined)) return undefined;
  return { members: Object.fromEntries(members) as Layout["members"], secrets: lines.slice(8, -5) };
}

function between(line: string | undefined, start: string, end: string): string | undefined {
  if (line === undefined || line.length < start.length + end.length || !line.startsWith(start) || !line.endsWith(end)) return undefined;
  return line.slice(start.length, line.length - end.length);
}

const feature = matching(/^[a-z][a-z0-9-]{0,63}$/);

/** What every version of this format begins with. Of a file of a newer one, nothing else is looked at. */
function checkFirstLines(start: string): void {
  const [, version = "1"] = /^[\t\n\r ]{0,16}\{[\t\n\r ]{0,16}"format"[\t\n\r ]{0,16}:[\t\n\r ]{0,16}"vault\/([1-9][0-9]*)"/.exec(start) ?? [];
  demand(version === "1" || BigInt(version) >= 2n ** 32n, "newer-version");
  const [first, second = ""] = start.split("\n", 2);
  const list = between(second, '  "features": ', ",");
  if (first !== '{"format": "vault/1",' || list === undefined || !/\n.*\n/.test(start)) return;
  try {
    const features: unknown = JSON.parse(list);
    if (JSON.stringify(ascending(feature, 1, 64)(features)) !== list) return;
  } catch {
    return;
  }
  throw new Refusal("newer-version");
}

function member<T>(text: string, form: Form<T>): T {
  return form(parsePart(text));
}

function parsePart(text: string): unknown {
  demand(text.length <= LONGEST_PART, "out-of-bounds");
  return parse(text);
}

function parse(text: string): unknown {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quoted && character === "\\") at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && "[{".includes(character)) depth++;
    else if (!quoted && "]}".includes(character)) depth--;
    demand(depth <= DEEPEST, "too-deep");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("bad-json");
  }
}
