// What becomes of each name of a file that is imported: decided before the vault is opened, from names alone.
import type { LocalUse } from "../../env-files/local-use.ts";
import { isReservedVariable } from "../../run/environment.ts";
import type { Registry } from "../../services/registry.ts";
import { isSecretName } from "../../vault/record.ts";
import type { Scope } from "../../vault/scope.ts";
import { VaultError } from "../../errors.ts";
import type { PinnedSecret } from "../services/pin.ts";
import { pinNew } from "../services/pin.ts";

/** `unknown`: no service is known by that name, and no host was given. `own-host`: each customer of its service has a host, and none was given. A `LocalUse`: it is for something else than HTTP requests. */
export type SkipReason = LocalUse | "unknown" | "own-host" | "empty" | "kept" | "reserved" | "not-storable" | "exists" | "asked";

export type Plan =
  | { readonly kind: "import"; readonly secret: PinnedSecret }
  | { readonly kind: "skip"; readonly name: string; readonly reason: SkipReason };

/** What is known of a value without looking at what it says. */
export interface ImportedName {
  readonly name: string;
  readonly isEmpty: boolean;
  /** Whether a placeholder of an earlier import stands there. */
  readonly isKept: boolean;
  /** What it is for, where it would be of no use in the vault. */
  readonly use: LocalUse | undefined;
}

export interface ImportWishes {
  readonly scope: Scope;
  /** Canonical hosts by name. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** Names that are to be left where they are. */
  readonly leave: ReadonlySet<string>;
  /** The hosts of a name that means no service; undefined to leave it. Undefined where nobody is there to ask. */
  readonly askHosts: ((name: string) => Promise<readonly string[] | undefined>) | undefined;
}

/** @throws VaultError `usage` for hosts of a name that the file does not have, what `pinNew` says, and what asking says. */
export async function planImport(registry: Registry, names: readonly ImportedName[], wishes: ImportWishes): Promise<Plan[]> {
  const known = new Set(names.map(({ name }) => name));
  const stranger = [...wishes.hosts.keys(), ...wishes.leave].find((name) => !known.has(name));
  if (stranger !== undefined) throw new VaultError("usage", `there is no "${stranger}" in the file`, "--host NAME=HOST and --skip NAME name what the file has");
  const plans: Plan[] = [];
  for (const name of names) plans.push(await planOne(registry, name, wishes));
  return plans;
}

async function planOne(registry: Registry, { name, isEmpty, isKept, use }: ImportedName, wishes: ImportWishes): Promise<Plan> {
  const skip = (reason: SkipReason): Plan => ({ kind: "skip", name, reason });
  if (wishes.leave.has(name)) return skip("asked");
  if (isEmpty) return skip("empty");
  if (isKept) return skip("kept");
  if (!isSecretName(name) || isReservedVariable(name)) return skip("reserved");
  const wish = { name, scope: wishes.scope, service: undefined, places: undefined, allowPrivate: false };
  const given = await pinNew(registry, { ...wish, hosts: wishes.hosts.get(name) ?? [] });
  if (given.hosts.length > 0) return { kind: "import", secret: given };
  if (use !== undefined) return skip(use);
  const hosts = await wishes.askHosts?.(name);
  return hosts === undefined || hosts.length === 0 ? skip(given.service === undefined ? "unknown" : "own-host") : { kind: "import", secret: await pinNew(registry, { ...wish, hosts }) };
}
