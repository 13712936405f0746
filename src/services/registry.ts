// The services that are known: those that this program brings along, and the user's own. What comes with the program counts first.
import { VaultError } from "../errors.ts";
import { BUNDLED } from "./bundled.ts";
import type { Service } from "./entry.ts";
import { parseService } from "./entry.ts";

export interface KnownService extends Service {
  readonly isOwn: boolean;
}

export interface Registry {
  /** Sorted by id; no id and no variable stands in it twice. */
  readonly services: readonly KnownService[];
}

/** The program's own list and further services; one of these that takes an id or a variable of another is left out. */
export function makeRegistry(own: readonly Service[] = []): Registry {
  const services: KnownService[] = BUNDLED.map((entry) => ({ ...parseService(entry), isOwn: false }));
  const ids = new Set(services.map(({ id }) => id));
  const variables = new Set(services.flatMap((service) => service.variables));
  for (const service of own) {
    if (ids.has(service.id) || service.variables.some((name) => variables.has(name))) continue;
    services.push({ ...service, isOwn: true });
    ids.add(service.id);
    for (const name of service.variables) variables.add(name);
  }
  return { services: services.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

export function findService({ services }: Registry, id: string): KnownService | undefined {
  return services.find((service) => service.id === id);
}

/** The service whose key a variable of this name holds by convention. */
export function findServiceOfVariable({ services }: Registry, name: string): KnownService | undefined {
  return services.find(({ variables }) => variables.includes(name));
}

/** @throws VaultError `not-found`. */
export function getService(registry: Registry, id: string): KnownService {
  const service = findService(registry, id);
  if (service === undefined) throw new VaultError("not-found", `there is no service "${id}"`, "vault services list shows those that are known; name the hosts instead with --host, or add your own: vault services add FILE");
  return service;
}
