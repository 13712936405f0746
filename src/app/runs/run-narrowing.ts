// What the flags of a run make of its secrets' rules: a layer more, which can only take away.
import { VaultError } from "../../errors.ts";
import { BY_FLAGS, makeLayer } from "../../proxy/grants/grant-rules.ts";
import type { RuleLayer } from "../../proxy/grants/grant-rules.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Choice } from "./granted-secrets.ts";
import type { RunNarrowing } from "./run-options.ts";

/** @throws VaultError `not-found` for a secret whose service has no such preset: it would be let do everything, against what was said. */
export async function narrowChoices<T extends Choice>(surroundings: Pick<Surroundings, "paths">, choices: readonly T[], narrowing: RunNarrowing | undefined): Promise<readonly T[]> {
  if (narrowing === undefined) return choices;
  const layer = narrowing.rules === undefined ? [] : [makeLayer(narrowing.rules, BY_FLAGS)];
  const narrowed: T[] = [];
  for (const choice of choices) {
    const presets = choice.variable === undefined ? [] : await presetLayers(surroundings, choice, narrowing.presets);
    narrowed.push({ ...choice, narrower: [...(choice.narrower ?? []), ...layer, ...presets] });
  }
  return narrowed;
}

async function presetLayers(surroundings: Pick<Surroundings, "paths">, { record }: Choice, names: readonly string[]): Promise<RuleLayer[]> {
  if (names.length === 0) return [];
  const { service } = record;
  if (service === undefined) throw new VaultError("not-found", `"${record.name}" is of no service, and has no preset`, `leave it out with -s, or say what it may do: --allow 'METHODS PATH'`);
  const { getNamedPreset } = await import("../services/presets.ts");
  return names.map((name) => makeLayer(getNamedPreset(surroundings, service, name).rules, BY_FLAGS));
}
