// FORMAT.md, "Reading: the order of checks": each check stands where the table has it.
import type { AuditHead, Form, KeySlot, SecretRecord, Wrapped } from "./forms.ts";
import type { KekKeys } from "./crypto.ts";
import { aeadOpen, auditData, base64, dekKeys, equal, hmac, kekKeys, sealData, sha256, wrapData } from "./crypto.ts";
import { audit, base64Of, demand, integer, isObject, keySlot, list, ownMember, Refusal, secretRecord, visibleText } from "./forms.ts";

const MIB = 1024 * 1024;
const DEEPEST = 8;
const LONGEST_PART = 262_144;

export interface VaultContents {
  readonly vault: string;
  readonly generation: number;
  readonly key: KeySlot;
  readonly audit: AuditHead;
  readonly secrets: readonly SecretRecord[];
}

export interface VaultFile extends VaultContents {
  readonly bodyHash: Buffer;
  readonly mac: Buffer;
}

/** All checks that need no key. Throws `Refusal`. */
export function readVault(bytes: Uint8Array): VaultFile {
  demand(bytes.length <= 16 * MIB, "too-large");
  const text = decode(bytes);
  const layout = findLayout(text);
  if (layout === undefined) throw new Refusal(bytes.length <= MIB ? whatElse(text) : "not-canonical");
  const lines = layout.members;

  checkHeader(parsePart(lines.format), parsePart(lines.version), () => parsePart(lines.features));
  const vault = member(lines.vault, base64Of(16));
  const generation = member(lines.generation, integer(1, Number.MAX_SAFE_INTEGER));
  const key = member(lines.key, keySlot);
  const head = member(lines.audit, audit);
  demand(layout.secrets.length <= 100_000, "out-of-bounds");
  const secrets = readSecrets(layout.secrets);
  demand(text.startsWith(headLines({ vault, generation, key, audit: head, secrets })), "not-canonical");

  const mac = base64(member(lines.mac, base64Of(32)));
  const checksum = base64(member(lines.checksum, base64Of(32)));
  const bodyHash = sha256(Buffer.from(text.slice(0, text.lastIndexOf('\n  "mac": ') + 1)));
  demand(equal(checksum, sha256(bodyHash, mac)), "bad-checksum");
  return { vault, generation, key, audit: head, secrets, bodyHash, mac };
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

export function openAuditKey(file: VaultFile, keys: KekKeys): Buffer {
  return unwrap(keys, file.audit.key, auditData(base64(file.vault), keys.keyId));
}

export function openSecret(file: VaultFile, keys: KekKeys, record: SecretRecord): Buffer {
  const vaultId = base64(file.vault);
  const dek = unwrap(keys, record.dek, wrapData(vaultId, keys.keyId, record));
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
export function headLines(contents: VaultContents): string {
  return [
    "{",
    '  "format": "vault/1",',
    '  "version": 1,',
    `  "vault": ${JSON.stringify(contents.vault)},`,
    `  "generation": ${JSON.stringify(contents.generation)},`,
    '  "features": [],',
    `  "key": ${JSON.stringify(contents.key)},`,
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

const MEMBERS = ["format", "version", "vault", "generation", "features", "key", "audit", "mac", "checksum"] as const;

/** The JSON text of each member, and the lines between them, or undefined where a line does not begin and end as it has to. */
function findLayout(text: string): Layout | undefined {
  const lines = text.split("\n");
  if (lines.length < 14) return undefined;
  const fixed = [lines.at(0), lines.at(8), lines.at(-5), lines.at(-2), lines.at(-1)];
  if (fixed.join("\n") !== '{\n  "secrets": [\n  ],\n}\n') return undefined;
  if (!lines.slice(-4, -2).every((line) => /: "[^"\\]{44}",?$/.test(line))) return undefined;

  const named = [...lines.slice(1, 8), ...lines.slice(-4, -2)];
  const members = MEMBERS.map((name, index) => [name, between(named[index], `  "${name}": `, name === "checksum" ? "" : ",")] as const);
  if (members.some(([, content]) => content === undefined)) return undefined;
  return { members: Object.fromEntries(members) as Layout["members"], secrets: lines.slice(9, -5) };
}

function between(line: string | undefined, start: string, end: string): string | undefined {
  if (line === undefined || line.length < start.length + end.length || !line.startsWith(start) || !line.endsWith(end)) return undefined;
  return line.slice(start.length, line.length - end.length);
}

/** The error of a file outside of the layout: what plain JSON can say about it, else `not-canonical`. */
function whatElse(text: string): string {
  try {
    const value = parse(text);
    demand(isObject(value));
    checkHeader(ownMember(value, "format"), ownMember(value, "version"), () => ownMember(value, "features"));
    return "not-canonical";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

function checkHeader(format: unknown, version: unknown, features: () => unknown): void {
  demand(typeof version === "number" && Number.isSafeInteger(version) && version >= 1 && format === `vault/${version}`);
  demand(version === 1, "newer-version");
  demand(list(visibleText(64), 64)(features()).length === 0, "newer-version");
}

function readSecrets(lines: readonly string[]): SecretRecord[] {
  const secrets: SecretRecord[] = [];
  const names = new Set<string>();
  for (const [index, line] of lines.entries()) {
    const comma = index < lines.length - 1 ? "," : "";
    demand(line.endsWith(comma), "bad-json");
    const secret = secretRecord(parsePart(line.slice(0, line.length - comma.length)));
    demand(line === `    ${JSON.stringify(secret)}${comma}`, "not-canonical");
    demand((secrets.at(-1)?.id ?? "") < secret.id, "not-canonical");
    const name = JSON.stringify([secret.scope, secret.name]);
    demand(!names.has(name));
    names.add(name);
    secrets.push(secret);
  }
  return secrets;
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
