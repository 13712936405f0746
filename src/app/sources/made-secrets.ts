// The secrets of a vault whose values are made, and how it has gone with each: told without the key.
import type { SecretOutline } from "../../vault/record.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ValueHistory } from "./value-log.ts";
import { isFailing, NO_HISTORY, readValueHistory } from "./value-log.ts";

export interface MadeSecret {
  readonly secret: SecretOutline;
  readonly history: ValueHistory;
}

/** @throws VaultError as `readValueHistory`. */
export async function surveyMade(surroundings: Pick<Surroundings, "paths">, file: VaultFile, secrets: readonly SecretOutline[] = file.records.outlines()): Promise<readonly MadeSecret[]> {
  const made = secrets.filter(({ terms }) => terms.source.kind !== "stored");
  const histories = await readValueHistory(surroundings, file, new Set(made.map(({ id }) => id)));
  return made.map((secret) => ({ secret, history: histories.get(secret.id) ?? NO_HISTORY }));
}

/** How many there are of each kind of source, in the order of their names. */
export function countKinds(made: readonly MadeSecret[]): Readonly<Record<string, number>> {
  const kinds = made.map(({ secret }) => secret.terms.source.kind).sort();
  return Object.fromEntries([...new Set(kinds)].map((kind) => [kind, kinds.filter((other) => other === kind).length]));
}

/** Those of which the last that was heard is that there was no value. */
export function failingOf(made: readonly MadeSecret[]): readonly { readonly name: string; readonly at: string; readonly reason: string }[] {
  return made.flatMap(({ secret: { name }, history }) => (history.failed !== undefined && isFailing(history) ? [{ name, ...history.failed }] : []));
}
