// Who asks to be accepted: a short list beside the vault, written by the broker for its owner to look at. It proves nothing but that somebody had the key.
import { join } from "node:path";
import { findText, utf8 } from "../../bytes.ts";
import { readPrivateFile, replaceLosableFile } from "../../disk/durable-file.ts";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { parseDidKey } from "../../identity/did-key.ts";
import { isHandle } from "../../identity/handle.ts";
import * as json from "../../vault/json-shape.ts";
import type { VaultPaths } from "../../paths.ts";

export interface Claim {
  readonly did: DidKey;
  /** What it calls itself. */
  readonly handle: string;
  /** RFC 3339. */
  readonly at: string;
}

type Places = Pick<VaultPaths, "runtimeFolder">;

/** The oldest goes first: a flood of claims costs the owner a look at his list, and an honest claim another try. In a list that is full, a handle may be a thief's alone. */
export const CLAIMS_MAX = 64;
const BYTES_MAX = 64 * 1024;

/** Oldest first. A list that cannot be read is none: it is worth nothing. */
export function readClaims(paths: Places): Claim[] {
  const bytes = readPrivateFile(fileOf(paths), BYTES_MAX);
  return bytes === undefined ? [] : parseClaims(bytes);
}

/** One for each identity, the newest. */
export function addClaim(paths: Places, claim: Claim): void {
  ensurePrivateFolder(paths.runtimeFolder);
  write(paths, [...readClaims(paths).filter(({ did }) => did !== claim.did), claim].slice(-CLAIMS_MAX));
}

export function dropClaim(paths: Places, did: DidKey): void {
  const claims = readClaims(paths);
  if (claims.some((claim) => claim.did === did)) write(paths, claims.filter((claim) => claim.did !== did));
}

function write(paths: Places, claims: readonly Claim[]): void {
  replaceLosableFile(fileOf(paths), utf8(`${JSON.stringify(claims)}\n`));
}

function fileOf({ runtimeFolder }: Places): string {
  return join(runtimeFolder, "claims.json");
}

function parseClaims(bytes: Uint8Array): Claim[] {
  try {
    return json.parseArray(JSON.parse(findText(bytes) ?? ""), CLAIMS_MAX, "the claims").map(parseClaim);
  } catch {
    return [];
  }
}

function parseClaim(value: unknown): Claim {
  const { did, handle, at } = json.parseObject(value, "a claim");
  const identity = parseDidKey(json.parseText(did, "did"));
  const name = json.parseText(handle, "handle");
  if (identity === undefined || !isHandle(name)) throw new VaultError("bad-schema", "a claim: expected an identity");
  return { did: identity.did, handle: name, at: json.parseTime(at, "at") };
}
