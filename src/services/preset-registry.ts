// The presets of a known service. Imported only where they are asked for: they are as much text as the services themselves, and a run reads none of it.
import { VaultError } from "../errors.ts";
import { BUNDLED_PRESETS } from "./bundled-presets.ts";
import type { Preset } from "./presets.ts";
import { parsePresets } from "./presets.ts";
import type { KnownService } from "./registry.ts";

/** Sorted by name; none for most services. */
export function listPresets({ id, isOwn, presets }: Pick<KnownService, "id" | "isOwn" | "presets">): readonly Preset[] {
  if (isOwn) return presets;
  const file = BUNDLED_PRESETS.find(({ service }) => service === id);
  return file === undefined ? [] : parsePresets(file.presets, `service "${id}"`);
}

/** @throws VaultError `not-found`, which names those that there are. */
export function getPreset(service: Pick<KnownService, "id" | "isOwn" | "presets">, name: string): Preset {
  const presets = listPresets(service);
  const found = presets.find((preset) => preset.name === name);
  if (found !== undefined) return found;
  const hint = presets.length === 0 ? "write the rules yourself: --allow 'GET /**' and the like" : `it has ${presets.map((preset) => preset.name).join(", ")}: vault services show ${service.id}`;
  throw new VaultError("not-found", `service "${service.id}" has no preset "${name}"`, hint);
}
