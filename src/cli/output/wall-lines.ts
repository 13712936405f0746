// `run --sandbox --explain`, for people and for programs.
import type { WalledExplanation } from "../../app/runs/walled-files.ts";
import type { WalledNetwork } from "../../app/doctor/wall.ts";

/** @param network undefined where nothing can be told without starting it. */
export function describeWalled({ preset, listing }: WalledExplanation, network: WalledNetwork | undefined): Record<string, unknown> {
  const { writable, protected: readOnly, caches, hidden } = listing;
  return { preset: preset?.id ?? null, writable, protected: readOnly, caches, hidden, network: network?.kind ?? null };
}

/** A line for each path. */
export function formatWalled({ preset, listing }: WalledExplanation, network: WalledNetwork | undefined): string[] {
  const list = (title: string, paths: readonly string[]): string[] => [`${title}:${paths.length === 0 ? " nothing" : ""}`, ...paths.map((path) => `  ${path}`)];
  return [
    `preset: ${preset?.title ?? "none"}`,
    ...list("it may write to", listing.writable),
    ...list("of that, it may only read", listing.protected),
    ...list("its own for this project, kept from run to run", listing.caches),
    ...list("it does not see", listing.hidden),
    "everything else of this machine it may read; what it makes in the home folder and in /tmp ends with the run",
    ...(network === undefined ? [] : [network.text]),
  ];
}
