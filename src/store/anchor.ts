// The rollback anchor: remembers the newest vault file seen, outside of it (FORMAT.md, "The anchor").
import { dirname } from "node:path";
import { encodeBase64, equalBytes, findBase64, findText, utf8 } from "../bytes.ts";
import { readPrivateFile, replaceFile } from "../disk/durable-file.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError } from "../errors.ts";
import { hmacSha256 } from "../vault/derive.ts";
import * as json from "../vault/json-shape.ts";
import type { VaultFile } from "../vault/vault-file.ts";
import { HASH_BYTES, VAULT_ID_BYTES } from "../vault/vault-file.ts";

/** What is remembered. All in base64 as in the vault file. */
interface Sight {
  readonly vault: string;
  readonly generation: number;
  readonly mac: string;
}

export interface Anchor extends Sight {
  /** Base64 of the sight's HMAC under the vault's anchor key. Two while the vault key is being replaced: the old one's and the new one's. */
  readonly proofs: readonly string[];
}

const BYTES_MAX = 4096;
const PROOFS_MAX = 2;

export type FoundAnchor = { readonly kind: "known"; readonly anchor: Anchor } | { readonly kind: "none" } | { readonly kind: "damaged" };

/** @throws VaultError `unsafe-file`, `io`. */
export function readAnchor(path: string): FoundAnchor {
  const bytes = readPrivateFile(path, BYTES_MAX);
  if (bytes === undefined) return { kind: "none" };
  const anchor = parseAnchor(findText(bytes) ?? "");
  return anchor === undefined ? { kind: "damaged" } : { kind: "known", anchor };
}

/** Another vault's, that is here no more, counts for nothing. @throws VaultError `unsafe-file`, `io`. */
export function readOwnAnchor(path: string, { contents }: Pick<VaultFile, "contents">): FoundAnchor {
  const found = readAnchor(path);
  return found.kind === "known" && found.anchor.vault !== encodeBase64(contents.id) ? { kind: "none" } : found;
}

/**
 * Called after the vault's rename: were it called before, a crash between the two would make the vault look old.
 *
 * @param keys of which each makes a proof: the vault's anchor key, and, before the vault key is replaced, the next one's too.
 */
export function writeAnchor(path: string, file: VaultFile, ...keys: readonly Uint8Array[]): void {
  ensureUnsharedFolder(dirname(path));
  const sight = sightOf(file);
  const proofs = keys.map((key) => encodeBase64(proofOf(sight, key)));
  replaceFile(path, utf8(encodeAnchor({ ...sight, proofs })));
}

/** @throws VaultError `rolled-back` when the file is older than what this machine has seen, another one of the same generation, or another vault altogether; in doubt it counts as old. */
export function requireNewest(file: VaultFile, found: FoundAnchor): void {
  if (found.kind === "none") return;
  const current = sightOf(file);
  if (found.kind === "damaged") throw new VaultError("rolled-back", "the rollback anchor is damaged, so nobody knows whether this vault file is the newest", acceptHint(file));
  const { anchor } = found;
  if (current.vault !== anchor.vault) throw new VaultError("rolled-back", `there is another vault here than the one that this machine knows: ${current.vault}, and not ${anchor.vault}`, `restore vault.json from a backup; ${acceptHint(file)}`);
  if (current.generation > anchor.generation) return;
  if (current.generation === anchor.generation && current.mac === anchor.mac) return;
  throw new VaultError("rolled-back", `the vault file was rolled back: it is generation ${current.generation}, and this machine has seen ${anchor.generation}`, `put the newest vault.json back; ${acceptHint(file)}`);
}

/**
 * Whether the anchor was made with the key of the vault that is here. Without that, somebody has put a vault of his own here under this one's id, or has changed the anchor.
 *
 * @throws VaultError `rolled-back`.
 */
export function requireOwnAnchor(file: VaultFile, found: FoundAnchor, key: Uint8Array): void {
  if (found.kind !== "known") return;
  const expected = proofOf(found.anchor, key);
  if (found.anchor.proofs.some((proof) => equalBytes(findBase64(proof) ?? new Uint8Array(), expected))) return;
  throw new VaultError("rolled-back", "the rollback anchor was not made with this vault's key: the vault or the anchor was put here by somebody else", `restore vault.json from a backup; ${acceptHint(file)}`);
}

/** Whether the file is newer than what is remembered. */
export function isAhead(file: VaultFile, found: FoundAnchor): boolean {
  return found.kind !== "known" || file.contents.generation > found.anchor.generation;
}

/** What to type where the file that is here is the one that is wanted, whatever this machine remembers. */
export function acceptHint({ contents }: Pick<VaultFile, "contents">): string {
  return `if you yourself want the file that is here: vault accept ${encodeBase64(contents.id)}`;
}

function sightOf(file: VaultFile): Sight {
  return { vault: encodeBase64(file.contents.id), generation: file.contents.generation, mac: encodeBase64(file.mac) };
}

function proofOf({ vault, generation, mac }: Sight, key: Uint8Array): Uint8Array {
  return hmacSha256(key, utf8(JSON.stringify({ vault, generation, mac })));
}

function encodeAnchor({ vault, generation, mac, proofs }: Anchor): string {
  return `${JSON.stringify({ vault, generation, mac, proofs })}\n`;
}

function parseAnchor(text: string): Anchor | undefined {
  try {
    const value = json.parseObject(JSON.parse(text), "the anchor");
    const anchor = {
      vault: json.parseBase64(value["vault"], VAULT_ID_BYTES, "the vault"),
      generation: json.parseInteger(value["generation"], 1, Number.MAX_SAFE_INTEGER, "the generation"),
      mac: json.parseBase64(value["mac"], HASH_BYTES, "the mac"),
      proofs: json.parseArray(value["proofs"], PROOFS_MAX, "the proofs").map((proof) => json.parseBase64(proof, HASH_BYTES, "a proof")),
    };
    return encodeAnchor(anchor) === text ? anchor : undefined;
  } catch {
    return undefined;
  }
}
