// The home folder inside: a new one, in which what is there outside can be read, and nothing that is hidden exists.
// Programs may make files in it; these end with the run, and what appears outside in the meantime stays outside.
import type { DiskView } from "./disk-view.ts";
import type { Layers } from "./layers.ts";
import { isBelow, isWithin } from "./path-order.ts";

/** Folders that are made anew as well, so that programs can make theirs in them. */
const FRESH = [".config", ".local", ".local/share", ".local/state"];
const ENTRIES_MAX = 1024;
const EMPTY_BYTES_MAX = 16 * 1024 * 1024;

/**
 * @param hidden real paths
 * @param mounted where something will be mounted: folders above that are in the home folder are made anew
 * @returns what could not be shown
 */
export function layHome(view: DiskView, layers: Layers, home: string, { hidden, mounted }: { readonly hidden: ReadonlySet<string>; readonly mounted: readonly string[] }): string[] {
  const fresh = new Set(FRESH.map((name) => `${home}/${name}`));
  const above = [...hidden, ...mounted].filter((path) => isBelow(path, home));
  const warnings: string[] = [];
  const lay = (folder: string): void => {
    const entries = view.namesIn(folder);
    if (entries.length > ENTRIES_MAX) warnings.push(`"${folder}" has more than ${ENTRIES_MAX} entries: the others are not there inside`);
    for (const name of entries.slice(0, ENTRIES_MAX)) {
      const path = `${folder}/${name}`;
      if ([...hidden].some((place) => isWithin(path, place))) continue;
      if (view.kindOf(path) === "folder" && (fresh.has(path) || above.some((place) => isBelow(place, path)))) {
        // With nothing to show in it, it would not be there.
        if (view.namesIn(path).every((below) => [...hidden].some((place) => isWithin(`${path}/${below}`, place)))) layers.put({ kind: "empty", path, bytesMax: EMPTY_BYTES_MAX });
        lay(path);
      } else layers.show(path);
    }
  };
  lay(home);
  return warnings;
}
