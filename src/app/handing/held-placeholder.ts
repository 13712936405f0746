// A placeholder that the run has given to its program, for a tool of the program's that asks by a protocol of its own. It comes from the environment, where the program has it anyway: no vault is opened for it.
import { VaultError } from "../../errors.ts";
import type { KnownService } from "../../services/registry.ts";
import type { Authority } from "../../vault/host.ts";
import { bindingAllows, findCanonicalBinding } from "../../vault/host.ts";
import { isBehindWall, isInsideRun } from "../keys/inside-run.ts";
import { openRegistry } from "../services/known-services.ts";
import type { Surroundings } from "../surroundings.ts";

export type HandingSurroundings = Pick<Surroundings, "paths" | "variables">;

export interface Held {
  readonly placeholder: string;
  /** By its host, or by the variable. */
  readonly service: KnownService | undefined;
}

/**
 * Outside of a run, what stands in such a variable is a value, and handing it out is not what this is for.
 *
 * @param command as it is typed, without `vault`.
 * @throws VaultError `usage`.
 */
export async function requireRun(surroundings: HandingSurroundings, command: string): Promise<void> {
  if (isBehindWall() || (await isInsideRun(surroundings))) return;
  throw new VaultError("usage", `vault ${command} hands out placeholders, and outside of a run there are none`, "start the program that asks for it in one: vault run -- CMD");
}

/** @param name the secret, as the program knows it. @throws VaultError `not-found`. */
export function getHeld({ paths, variables }: HandingSurroundings, name: string): Held {
  const placeholder = variables[name] ?? "";
  if (placeholder === "" || /[\r\n\0]/.test(placeholder)) throw new VaultError("not-found", `this run has no secret "${name}"`, `to give it to the program: vault run -s ${name} -- CMD`);
  return { placeholder, service: openRegistry({ paths }).find(({ variables: known }) => known.includes(name)) };
}

/** Of the services that take their keys at this host, the first whose variable the run has set. */
export function findHeldFor(surroundings: HandingSurroundings, authority: Authority): Held | undefined {
  for (const service of openRegistry(surroundings).services) {
    const isThere = service.hosts.some((host) => {
      const binding = findCanonicalBinding(host);
      return binding !== undefined && bindingAllows(binding, authority);
    });
    const name = isThere ? service.variables.find((variable) => (surroundings.variables[variable] ?? "") !== "") : undefined;
    if (name !== undefined) return { ...getHeld(surroundings, name), service };
  }
  return undefined;
}

/** The name that goes with the key in Basic credentials, by the service's own rule. */
export function userOf(service: KnownService | undefined): string | undefined {
  return service?.credentials.flatMap((credential) => (credential.place === "basic" ? [/^([^:{}]+):\{key\}$/.exec(credential.form)?.[1]] : [])).find((user) => user !== undefined);
}
