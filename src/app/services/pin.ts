// Pins new secrets to the hosts of their service. Imported only where a secret is made or gets a service: with it comes the list of services.
import { findServiceOfVariable, getService } from "../../services/registry.ts";
import type { Evidence, Registry } from "../../services/registry.ts";
import { isOwnHost, placesOf } from "../../services/entry.ts";
import { VaultError } from "../../errors.ts";
import type { Place } from "../../vault/place.ts";
import { DEFAULT_PLACES } from "../../vault/place.ts";
import type { RuleChange } from "../../vault/rule-change.ts";
import type { Scope } from "../../vault/scope.ts";
import type { Source } from "../../vault/source.ts";
import { withPresets } from "./preset-rules.ts";
import { requireKeyHeaders, requireTaken } from "./actable-places.ts";
import { requireOwnWildcards } from "./suffix-list.ts";
import { requireNotWidened } from "./widening.ts";

/** A secret that the user wants. */
export interface NewSecret {
  readonly name: string;
  readonly scope: Scope;
  readonly service: string | undefined;
  /** Canonical host bindings. */
  readonly hosts: readonly string[];
  /** Undefined: those of its service, or headers and Basic. */
  readonly places: readonly Place[] | undefined;
  readonly allowPrivate: boolean;
  /** Whether it may have hosts beside those of its service. */
  readonly widen?: boolean;
  /** Whether answers are looked through for its value; they are where nothing is said. */
  readonly scrub?: boolean;
  /** A template; without one the service says what its placeholder looks like. */
  readonly placeholder?: string | undefined;
  /** What it may be used for; anything where nothing is said. */
  readonly rules?: RuleChange | undefined;
  /** Names of presets of its service, which are taken into its rules. */
  readonly presets?: readonly string[] | undefined;
  /** Where its value comes from; stored where nothing is said. */
  readonly source?: Source | undefined;
}

/** A secret whose service, hosts and places are settled. */
export interface PinnedSecret extends NewSecret {
  readonly places: readonly Place[];
  /** Where the name means a service by convention, and hosts that the user has named are not that service's: its id. */
  readonly unlike: string | undefined;
  /** Where its service is one of the user's own: to be judged with the key before anything is pinned. */
  readonly evidence?: Evidence | undefined;
}

/**
 * A service's hosts come from the registry: for `--service`, and for a name that means a service by convention when no host was given.
 * Hosts that the user names count as they stand; beside those of a service that was named too, only where that was said, or where each of its customers has a host.
 * Of a service that has no others, the secret has no host at all unless the user names one.
 *
 * @throws VaultError `not-found` for a service that is not known, `usage` for hosts that would widen a pin, for wildcards over names of strangers, and for places in which nothing would be put.
 */
export async function pinNew(registry: Registry, asked: NewSecret): Promise<PinnedSecret> {
  await requireOwnWildcards(asked.hosts);
  requireKeyHeaders(asked.places ?? []);
  const conventional = findServiceOfVariable(registry, asked.name);
  const isMeant = conventional !== undefined && asked.hosts.every((host) => isOwnHost(conventional, host));
  const service = asked.service !== undefined ? getService(registry, asked.service) : isMeant ? conventional : undefined;
  if (service === undefined && asked.presets !== undefined && asked.presets.length > 0) throw new VaultError("usage", `"${asked.name}" is of no service, and has no preset`, "--service ID says which it is of; --allow 'METHODS PATH' says what it may do");
  if (service === undefined) {
    const strange = asked.hosts.some((host) => conventional?.hosts.includes(host) !== true);
    return { ...asked, places: asked.places ?? DEFAULT_PLACES, unlike: strange ? conventional?.id : undefined };
  }
  requireTaken(asked.places ?? [], service);
  requireNotWidened(asked.name, service.id, asked.hosts.filter((host) => !service.hosts.includes(host) && !isOwnHost(service, host)), asked.widen === true);
  return { ...asked, service: service.id, hosts: [...service.hosts, ...asked.hosts], places: asked.places ?? placesOf(service), unlike: undefined, evidence: service.evidence, rules: await withPresets(asked.rules, service, asked.presets) };
}
