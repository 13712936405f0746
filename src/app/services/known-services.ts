// The services that are known here: the program's own list, and files in the vault's data folder that the user has put there.
// Imported only where a service is asked for: with it comes the whole list, which no other command is to wait for.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { findText, utf8 } from "../../bytes.ts";
import { readPrivateFile, replaceFile } from "../../disk/durable-file.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { ensurePrivateFolder, ensureUnsharedFolder, requirePrivateFolder } from "../../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";
import { describeAdmission, describeCredential, requireAdmissible } from "../../services/admission.ts";
import type { Service } from "../../services/entry.ts";
import { parseService } from "../../services/entry.ts";
import type { KnownService, Registry } from "../../services/registry.ts";
import { findService, findServiceOfVariable, getService, makeRegistry } from "../../services/registry.ts";
import { requireOwnWildcards } from "./suffix-list.ts";
import type { Surroundings } from "../surroundings.ts";

export const SERVICE_FILE_BYTES_MAX = 64 * 1024;

/** @throws VaultError `bad-schema` or `unsafe-file` for a file of the user's that is not as `services add` has written it. */
export function openRegistry({ paths }: Pick<Surroundings, "paths">): Registry {
  return makeRegistry(readOwn(folderOf(paths.dataFolder)));
}

/** Those of these ids that are known. The others are not read. */
export function findServices(surroundings: Pick<Surroundings, "paths">, ids: ReadonlySet<string>): KnownService[] {
  const registry = openRegistry(surroundings);
  return [...ids].flatMap((id) => findService(registry, id) ?? []);
}

/** Where in a request a service takes its keys, in plain words. Empty for one that is not known: its secrets stand where keys usually do. */
export function describeTaking(surroundings: Pick<Surroundings, "paths">, id: string): string[] {
  return findServices(surroundings, new Set([id])).flatMap(({ credentials }) => credentials.map(describeCredential));
}

/** By its id, or by a variable that holds its key. @throws VaultError `not-found`; as `openRegistry`. */
export function getNamedService(surroundings: Pick<Surroundings, "paths">, name: string): KnownService {
  const registry = openRegistry(surroundings);
  return findServiceOfVariable(registry, name) ?? getService(registry, name);
}

/** A service of the user's own, judged and not yet kept. */
export interface Candidate {
  readonly service: Service;
  /** What the user agrees to, in plain words. */
  readonly words: readonly string[];
  /** Keeps it: 0600, in a folder 0700. @throws VaultError `busy`, `io`. */
  keep(): Promise<void>;
}

/** @throws VaultError `usage` for bytes that describe no service; what `requireAdmissible` and `requireOwnWildcards` say. */
export async function judgeService({ paths }: Pick<Surroundings, "paths">, bytes: Uint8Array, mayReplace: boolean): Promise<Candidate> {
  const value = parseJson(bytes);
  const service = asUsage(() => parseService(value));
  requireAdmissible(openRegistry({ paths }), service, mayReplace);
  await requireOwnWildcards(service.hosts);
  return {
    service,
    words: describeAdmission(service),
    async keep() {
      ensureUnsharedFolder(paths.dataFolder);
      const folder = folderOf(paths.dataFolder);
      ensurePrivateFolder(folder);
      const lock = await acquireLock(paths.lockFile);
      try {
        replaceFile(join(folder, `${service.id}.json`), utf8(`${JSON.stringify(value, null, 2)}\n`));
      } finally {
        lock.release();
      }
    },
  };
}

function readOwn(folder: string): Service[] {
  return findFiles(folder).map((name) => {
    const path = join(folder, name);
    const bytes = readPrivateFile(path, SERVICE_FILE_BYTES_MAX) ?? new Uint8Array();
    try {
      const service = parseService(parseJson(bytes));
      if (`${service.id}.json` === name) return service;
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
    }
    throw new VaultError("bad-schema", `"${path}" describes no service`, "remove the file, and add the service again: vault services add FILE");
  });
}

/** Whoever may write there decides where new secrets go. */
function findFiles(folder: string): string[] {
  try {
    requirePrivateFolder(folder);
    return readdirSync(folder).filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort();
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    if (error instanceof VaultError) throw error;
    throw new VaultError("io", `cannot read "${folder}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
}

function folderOf(dataFolder: string): string {
  return join(dataFolder, "services");
}

function parseJson(bytes: Uint8Array): unknown {
  const text = findText(bytes);
  try {
    if (text !== undefined) return JSON.parse(text) as unknown;
  } catch {
    // JSON.parse quotes its input, which may be something else altogether: a secret, say.
  }
  throw new VaultError("usage", "this is no JSON", "a service's file is as src/services/service.schema.json says");
}

/** A file that is being offered is the user's input, and no part of the vault. */
function asUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof VaultError ? new VaultError("usage", error.message, "a service's file is as src/services/service.schema.json says") : error;
  }
}
