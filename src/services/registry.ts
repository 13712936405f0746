// The services that are known: those that this program brings along, and the user's own. What comes with the program counts first.
import { VaultError } from "../errors.ts";
import { BUNDLED } from "./bundled.ts";
import type { Service } from "./entry.ts";
import { parseService } from "./entry.ts";

export interface KnownService extends Service {
  readonly isOwn: boolean;
  /** Of one of the user's own. */
  readonly evidence?: Evidence;
}

/** The file that a service of the user's own was read from, and the MACs beside it, in base64. */
export interface Evidence {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly macs: readonly string[];
}

export interface Registry {
  /** All of them, sorted by id; no id and no variable stands in it twice. They are read when this is asked for: one alone is found without. */
  readonly services: readonly KnownService[];
  /** @param isMeant tells by id and variables which one is wanted. */
  readonly find: (isMeant: (outline: Outline) => boolean) => KnownService | undefined;
}

/** What a service is found by. */
export type Outline = Pick<Service, "id" | "variables">;

/** The program's own list and further services; one of these that takes an id or a variable of another is left out. */
export function makeRegistry(own: readonly (Service & Pick<KnownService, "evidence">)[] = []): Registry {
  const ids = new Set(BUNDLED.map(({ id }) => id));
  const variables = new Set(BUNDLED.flatMap((entry) => entry.variables));
  const admitted: KnownService[] = [];
  for (const service of own) {
    if (ids.has(service.id) || service.variables.some((name) => variables.has(name))) continue;
    admitted.push({ ...service, isOwn: true });
    ids.add(service.id);
    for (const name of service.variables) variables.add(name);
  }
  const known = new Map<Outline, KnownService>();
  const read = (entry: Outline): KnownService => {
    const service = known.get(entry) ?? { ...parseService(entry), isOwn: false };
    known.set(entry, service);
    return service;
  };
  return {
    get services() {
      return [...BUNDLED.map(read), ...admitted].sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    find(isMeant) {
      const entry = BUNDLED.find(isMeant);
      return entry === undefined ? admitted.find(isMeant) : read(entry);
    },
  };
}

export function findService({ find }: Registry, id: string): KnownService | undefined {
  return find((outline) => outline.id === id);
}

/** The service whose key a variable of this name holds by convention. */
export function findServiceOfVariable({ find }: Registry, name: string): KnownService | undefined {
  return find(({ variables }) => variables.includes(name));
}

/** @throws VaultError `not-found`. */
export function getService(registry: Registry, id: string): KnownService {
  const service = findService(registry, id);
  if (service === undefined) throw new VaultError("not-found", `there is no service "${id}"`, "name the hosts instead with --host; those that are known: vault services list; to add your own: vault services add FILE");
  return service;
}
