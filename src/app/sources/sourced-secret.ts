// Stores secrets whose value is made. Each is tried once before it is stored: what does not work is seen by the person who can mend it, and not by a run.
import { findGuessable } from "../secrets/value-rules.ts";
import { createSecret, rotateSecret } from "../secrets/secrets.ts";
import type { AskValue } from "../secrets/secrets.ts";
import type { NewSecret } from "../services/pin.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Scope } from "../../vault/scope.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { AskedSource, PlannedSource } from "./new-source.ts";
import { planSource } from "./new-source.ts";
import { trySource } from "./try-source.ts";

/** @throws VaultError as `createSecret`, `planSource`; `no-value`. */
export function createSourced(surroundings: Surroundings, asked: NewSecret, source: AskedSource): Promise<SecretRecord> {
  const planned = planSource(surroundings.variables, source, process.argv[1]);
  return createSecret(surroundings, { ...asked, source: planned.source }, triedOnce(surroundings, planned));
}

/** Another way to make the value of a secret that is made. @throws VaultError as `rotateSecret`, `planSource`; `no-value`. */
export function rotateSourced(surroundings: Surroundings, name: string, scope: Scope | undefined, source: AskedSource): Promise<SecretRecord> {
  const planned = planSource(surroundings.variables, source, process.argv[1]);
  return rotateSecret(surroundings, name, scope, triedOnce(surroundings, planned), planned.source);
}

function triedOnce(surroundings: Surroundings, { source, sealed }: PlannedSource): AskValue {
  return async ({ name, places, scrub }) => {
    const value = await surroundings.showWork("asking for the value", () => trySource({ name, places }, source, sealed, surroundings.now()));
    const guessable = findGuessable(name, value, scrub);
    value.wipe();
    if (guessable !== undefined) surroundings.warn(guessable);
    return sealed;
  };
}
