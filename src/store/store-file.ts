// store.json in the vault's folder: on which engine the vault is. Where there is none, the vault is the file beside it.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { findText, utf8 } from "../bytes.ts";
import { readPrivateFile, removeFile, replaceFile } from "../disk/durable-file.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError } from "../errors.ts";
import * as json from "../vault/json-shape.ts";
import type { Moved } from "./judge-stored.ts";

export interface StoreFile {
  /** The locator, without a password. */
  readonly store: string;
  /** Where its password is: in the keyring under the locator's name, or in variables of each process. */
  readonly password: "keyring" | "variable";
  /** Where this machine is moving the vault to. Where that is this very store, it has given up the old place, and the vault has only to get its name here. */
  readonly next?: Moved | undefined;
}

const BYTES_MAX = 8192;
const TEXT_MAX = 2048;

/** One look, for those whose vault is the file. */
export function isOnEngine(dataFolder: string): boolean {
  try {
    return lstatSync(storeFilePath(dataFolder), { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A folder that nobody may look into: whoever reads the vault says so.
    return false;
  }
}

/** @returns undefined where there is none. @throws VaultError `bad-schema`, `unsafe-file`, `io`. */
export function readStoreFile(dataFolder: string): StoreFile | undefined {
  const path = storeFilePath(dataFolder);
  const bytes = readPrivateFile(path, BYTES_MAX);
  return bytes === undefined ? undefined : parseStoreFile(bytes, path);
}

/** The caller holds the vault's lock. @throws VaultError `io`. */
export function writeStoreFile(dataFolder: string, file: StoreFile): void {
  ensureUnsharedFolder(dataFolder);
  replaceFile(storeFilePath(dataFolder), utf8(encode(file)));
}

/** From then on, the vault is the file. The caller holds the vault's lock. @throws VaultError `io`. */
export function removeStoreFile(dataFolder: string): void {
  removeFile(storeFilePath(dataFolder));
}

export function storeFilePath(dataFolder: string): string {
  return join(dataFolder, "store.json");
}

/** Canonical: it is what `writeStoreFile` writes, byte for byte. @throws VaultError `bad-schema`. */
export function parseStoreFile(bytes: Uint8Array, path: string): StoreFile {
  const text = findText(bytes) ?? "";
  try {
    const value = json.parseObject(JSON.parse(text), "the file");
    const password = value["password"];
    if (password !== "keyring" && password !== "variable") throw new VaultError("bad-schema", "the password's place is not known");
    const file: StoreFile = {
      store: json.parseVisibleText(value["store"], TEXT_MAX, "the store"),
      password,
      ...(value["next"] === undefined ? {} : { next: parseNext(value["next"]) }),
    };
    if (encode(file) === text) return file;
  } catch {
    // Told below, with the path.
  }
  throw new VaultError("bad-schema", `"${path}" does not say on which store the vault is`, "to write it anew, with the store's address: vault init --store URL");
}

function parseNext(value: unknown): Moved {
  const { to, by } = json.parseObject(value, "the next place");
  const next = { to: json.parseVisibleText(to, TEXT_MAX, "the next place"), by: json.parseText(by, "the move's name") };
  if (!/^[0-9a-f]{32}$/.test(next.by)) throw new VaultError("bad-schema", "the move has no name");
  return next;
}

function encode({ store, password, next }: StoreFile): string {
  return `${JSON.stringify({ store, password, ...(next === undefined ? {} : { next: { to: next.to, by: next.by } }) })}\n`;
}
