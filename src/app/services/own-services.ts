// Services that the user has added: files in the vault's data folder, each with a MAC of the vault's beside it, so that nobody pins a secret to hosts by dropping a file there.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { encodeBase64, equalBytes, findBase64, findText, utf8 } from "../../bytes.ts";
import { readPrivateFile, replaceFile } from "../../disk/durable-file.ts";
import { ensurePrivateFolder, requirePrivateFolder } from "../../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { Service } from "../../services/entry.ts";
import { parseService } from "../../services/entry.ts";
import type { Evidence } from "../../services/registry.ts";
import { hmacSha256 } from "../../vault/derive.ts";

export const SERVICE_FILE_BYTES_MAX = 64 * 1024;
const MAC_BYTES_MAX = 1024;
const SERVICE = ".json";
const MAC = ".mac";

/** @throws VaultError `bad-schema` or `unsafe-file` for a file that is not as `services add` has written it; who wrote it is not judged here. */
export function readOwnServices(dataFolder: string): (Service & { readonly evidence: Evidence })[] {
  const folder = folderOf(dataFolder);
  return findFiles(folder).map((name) => {
    const path = join(folder, name);
    const bytes = readPrivateFile(path, SERVICE_FILE_BYTES_MAX) ?? new Uint8Array();
    try {
      const service = parseService(JSON.parse(findText(bytes) ?? "") as unknown);
      if (`${service.id}${SERVICE}` === name) return { ...service, evidence: { path, bytes, macs: readMacs(path) } };
    } catch (error) {
      // JSON.parse quotes its input.
      if (!(error instanceof VaultError) && !(error instanceof SyntaxError)) throw error;
    }
    throw new VaultError("bad-schema", `"${path}" describes no service`, "remove the file, and add the service again: vault services add FILE");
  });
}

/**
 * Whether the user has added it. A service that the program brings along has no evidence, and needs none.
 *
 * @param key the vault's services key.
 * @throws VaultError `bad-mac`, naming the file.
 */
export function requireAdded(evidence: Evidence | undefined, key: Uint8Array): void {
  if (evidence === undefined || isAdded(evidence, key)) return;
  throw new VaultError("bad-mac", `"${evidence.path}" was not added to this vault, or was changed since: no secret goes by what it says`, `look into it; if it is as you want it, add it: vault services add ${evidence.path} --replace`);
}

/** Puts a service in its place, 0600, in a folder 0700. Cut off between two steps, the old file counts, or the new one. @throws VaultError `io`. */
export function writeOwnService(dataFolder: string, id: string, bytes: Uint8Array, key: Uint8Array): void {
  const folder = folderOf(dataFolder);
  ensurePrivateFolder(folder);
  const path = join(folder, `${id}${SERVICE}`);
  const mac = macOf(bytes, key);
  writeMacs(path, [mac, ...readMacs(path).slice(0, 1)]);
  replaceFile(path, bytes);
  writeMacs(path, [mac]);
}

/**
 * Has the services that the user has added count under another key too.
 *
 * @returns what makes them count under that one alone: to be called once it is in force.
 * @throws VaultError `io`; as `readOwnServices`.
 */
export function addUnderNextKey(dataFolder: string, key: Uint8Array, nextKey: Uint8Array): () => void {
  const added = readOwnServices(dataFolder).filter(({ evidence }) => isAdded(evidence, key)).map(({ evidence }) => ({ path: evidence.path, next: macOf(evidence.bytes, nextKey), now: macOf(evidence.bytes, key) }));
  for (const { path, now, next } of added) writeMacs(path, [now, next]);
  return () => {
    for (const { path, next } of added) writeMacs(path, [next]);
  };
}

function isAdded({ bytes, macs }: Evidence, key: Uint8Array): boolean {
  const expected = hmacSha256(key, bytes);
  return macs.some((mac) => equalBytes(findBase64(mac) ?? new Uint8Array(), expected));
}

function macOf(bytes: Uint8Array, key: Uint8Array): string {
  return encodeBase64(hmacSha256(key, bytes));
}

function readMacs(path: string): string[] {
  const bytes = readPrivateFile(macPath(path), MAC_BYTES_MAX);
  return bytes === undefined ? [] : (findText(bytes) ?? "").split("\n").filter((line) => line !== "");
}

function writeMacs(path: string, macs: readonly string[]): void {
  replaceFile(macPath(path), utf8(macs.map((mac) => `${mac}\n`).join("")));
}

function macPath(path: string): string {
  return `${path.slice(0, -SERVICE.length)}${MAC}`;
}

/** Whoever may write there could take a service away, and no more. */
function findFiles(folder: string): string[] {
  try {
    requirePrivateFolder(folder);
    return readdirSync(folder).filter((name) => name.endsWith(SERVICE) && !name.startsWith(".")).sort();
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    if (error instanceof VaultError) throw error;
    throw new VaultError("io", `cannot read "${folder}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
}

function folderOf(dataFolder: string): string {
  return join(dataFolder, "services");
}
