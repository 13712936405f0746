// Presets by the name of their service. Imported only where one is asked for, like the list of services.
import { getPreset, listPresets } from "../../services/preset-registry.ts";
import type { Preset } from "../../services/presets.ts";
import type { KnownService } from "../../services/registry.ts";
import { getService } from "../../services/registry.ts";
import type { Surroundings } from "../surroundings.ts";
import { openRegistry } from "./known-services.ts";

/** @param service its id. @throws VaultError `not-found` for a service or a preset that is not known; as `openRegistry`. */
export function getNamedPreset(surroundings: Pick<Surroundings, "paths">, service: string, name: string): Preset {
  return getPreset(getService(openRegistry(surroundings), service), name);
}

export function presetsOf(service: KnownService): readonly Preset[] {
  return listPresets(service);
}
