// The identities of this machine's user: a key file each, or one key in a variable for machines that come and go.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createFile, readPrivateFile } from "../../disk/durable-file.ts";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { isHandle } from "../../identity/handle.ts";
import type { IdentityKey } from "../../identity/identity-key.ts";
import { drawIdentityKey, parseIdentityKey } from "../../identity/identity-key.ts";
import type { VaultPaths } from "../../paths.ts";
import { Secret } from "../../secret.ts";
import type { Surroundings } from "../surroundings.ts";

export interface OwnIdentity {
  readonly handle: string;
  readonly did: DidKey;
}

/** Holds an identity's key, as its file would. Programs in runs do not get it. */
const IDENTITY_VARIABLE = "VAULT_IDENTITY_KEY";
const BYTES_MAX = 256;

/** @throws VaultError `already-exists`; `usage` for a handle that is none; `io`. */
export function createIdentity(paths: Pick<VaultPaths, "keyFile">, handle: string): { readonly did: DidKey; readonly path: string } {
  const path = fileOf(paths, handle);
  ensurePrivateFolder(dirname(path));
  const key = drawIdentityKey();
  try {
    const { did } = parseIdentityKey(key, `"${path}"`);
    createFile(path, key.reveal());
    return { did, path };
  } finally {
    key.wipe();
  }
}

/** Those that have a file here, by their handles. What is no such key is named, and left out. */
export function listOwnIdentities({ paths, warn }: Pick<Surroundings, "paths" | "warn">): readonly OwnIdentity[] {
  const folder = folderOf(paths);
  const handles = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".key")).map((name) => name.slice(0, -".key".length)).filter(isHandle).sort() : [];
  return handles.flatMap((handle) => {
    try {
      return [{ handle, did: loadIdentity({ paths, variables: {} }, handle).did }];
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      warn(error.message);
      return [];
    }
  });
}

/** By its file, or, where there is none, by the variable. @throws VaultError `not-found`, `wrong-key`, `unsafe-file`, `usage`. */
export function loadIdentity({ paths, variables }: Pick<Surroundings, "paths" | "variables">, handle: string): IdentityKey {
  const path = fileOf(paths, handle);
  const bytes = readPrivateFile(path, BYTES_MAX);
  const given = variables[IDENTITY_VARIABLE];
  if (bytes === undefined && given === undefined) throw new VaultError("not-found", `there is no identity "${handle}" here`, `put its key into the variable ${IDENTITY_VARIABLE}; or make it: vault identity create ${handle}`);
  const text = bytes === undefined ? Secret.fromText(given ?? "") : new Secret(bytes);
  try {
    return parseIdentityKey(text, bytes === undefined ? `the variable ${IDENTITY_VARIABLE}` : `"${path}"`);
  } finally {
    text.wipe();
  }
}

/** Beside the vault's own key file, which programs behind the wall do not see either. */
function fileOf({ keyFile }: Pick<VaultPaths, "keyFile">, handle: string): string {
  if (!isHandle(handle)) throw new VaultError("usage", "an identity's handle is of lower-case letters, digits, dots, dashes and underscores, 64 at most", "such as: vault identity create build-runner");
  return join(folderOf({ keyFile }), `${handle}.key`);
}

function folderOf({ keyFile }: Pick<VaultPaths, "keyFile">): string {
  return join(dirname(keyFile), "identities");
}
