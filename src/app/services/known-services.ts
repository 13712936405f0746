// The services that are known here: the program's own list, and files in the vault's data folder that the user has put there.
// Imported only where a service is asked for: with it comes the whole list, which no other command is to wait for.
import { findText, utf8 } from "../../bytes.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { ensureUnsharedFolder } from "../../disk/private-folder.ts";
import { VaultError } from "../../errors.ts";
import { describeAdmission, describeCredential, requireAdmissible } from "../../services/admission.ts";
import type { Service } from "../../services/entry.ts";
import { parseService } from "../../services/entry.ts";
import type { KnownService, Registry } from "../../services/registry.ts";
import { findService, findServiceOfVariable, getService, makeRegistry } from "../../services/registry.ts";
import { readOwnServices, writeOwnService } from "./own-services.ts";
import { requireOwnWildcards } from "./suffix-list.ts";
import type { Surroundings } from "../surroundings.ts";

/** @throws VaultError `bad-schema` or `unsafe-file` for a file of the user's that is not as `services add` has written it. */
export function openRegistry({ paths }: Pick<Surroundings, "paths">): Registry {
  return makeRegistry(readOwnServices(paths.dataFolder));
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
  /** Keeps it, as added by whoever has the vault's services key. @throws VaultError `busy`, `io`. */
  keep(servicesKey: Uint8Array): Promise<void>;
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
    async keep(servicesKey) {
      ensureUnsharedFolder(paths.dataFolder);
      const lock = await acquireLock(paths.lockFile);
      try {
        writeOwnService(paths.dataFolder, service.id, utf8(`${JSON.stringify(value, null, 2)}\n`), servicesKey);
      } finally {
        lock.release();
      }
    },
  };
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
