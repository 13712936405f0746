// What a project's file makes of what the vault allows: a part of it, and never more. Pure.
import { VaultError } from "../errors.ts";
import { findCanonicalBinding, formatHostBinding, isWithin } from "../vault/host.ts";
import type { Place } from "../vault/place.ts";
import type { SecretMetadata } from "../vault/record.ts";
import type { Need } from "./run-file.ts";
import { RUN_FILE } from "./run-file.ts";

/** Where a secret may go in one run. */
export interface Reach {
  /** Canonical host bindings. */
  readonly hosts: readonly string[];
  readonly places: readonly Place[];
}

/**
 * The part of a secret's reach that a project wants.
 *
 * @throws VaultError `usage` for a host or place that the vault does not let the secret have. The hint warns before it tells what to type: the wish is the project's, which may be a stranger's.
 */
export function narrow({ secret, hosts, places }: Need, allowed: Pick<SecretMetadata, "service" | "hosts" | "places">): Reach {
  const bound = allowed.hosts.map(findCanonicalBinding).filter((binding) => binding !== undefined);
  const stranger = hosts?.find((wanted) => !bound.some((binding) => isWithin(wanted, binding)));
  if (stranger !== undefined) throw refuse(secret, `at ${formatHostBinding(stranger)}`, "that host", `--host '${formatHostBinding(stranger)}'${allowed.service === undefined ? "" : " --widen"}`);
  const misplaced = places?.find((place) => !allowed.places.includes(place));
  if (misplaced !== undefined) throw refuse(secret, `in the ${misplaced} of a request`, "its hosts", `--inject ${[...new Set([...allowed.places, misplaced])].sort().join(",")}`);
  return { hosts: hosts?.map(formatHostBinding) ?? allowed.hosts, places: places ?? allowed.places };
}

function refuse(name: string, where: string, trusted: string, change: string): VaultError {
  return new VaultError("usage", `${RUN_FILE} wants "${name}" ${where}, where the vault does not let it go`, `a project's file cannot allow that; run without the file, by --no-project; or, only if you yourself trust ${trusted} with it there: vault secrets update ${name} ${change}`);
}
