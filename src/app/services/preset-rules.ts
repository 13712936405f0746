// Presets, as changes to rules: what they say is copied into the secret, and is the secret's own from then on.
import type { KnownService } from "../../services/registry.ts";
import type { RuleChange } from "../../vault/rule-change.ts";

/** @throws VaultError `not-found` for a preset that the service does not have. */
export async function withPresets(change: RuleChange | undefined, service: KnownService, names: readonly string[] | undefined): Promise<RuleChange | undefined> {
  if (names === undefined || names.length === 0) return change;
  // Only here: with it comes the text of all presets.
  const { getPreset } = await import("../../services/preset-registry.ts");
  return names.map((name) => getPreset(service, name).rules).reduce<RuleChange>((before, { allow, deny, ask, graphql }) => ({
    ...before,
    ...(allow === null ? {} : { allow: [...(before.allow ?? []), ...allow] }),
    deny: [...(before.deny ?? []), ...deny],
    ask: [...(before.ask ?? []), ...ask],
    ...(graphql === null || before.limits?.graphql !== undefined ? {} : { limits: { ...before.limits, graphql } }),
  }), change ?? {});
}
