// What of a file system is there for the wall to lay something over.
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { Mount } from "../files/mount.ts";

export interface Places {
  /** The real paths of those that are there, each once: bubblewrap mounts nothing on a link. What the program is not to see stays out. */
  realPaths(candidates: readonly string[]): string[];
  /**
   * The same for regular files that lead, if by links, to one of the same name. These lie in folders that earlier programs may have written to:
   * a link there must not choose which file of the system is covered.
   */
  realFiles(candidates: readonly string[]): string[];
  /** The names in a folder; none where it cannot be read. */
  names(folder: string): string[];
  /** Where this process finds what the program finds at `path`. */
  onDisk(path: string): string;
}

/**
 * @param sees says of a real path whether the program sees there what this process does.
 * @param root the folder that is the program's `/`.
 */
export function openPlaces(sees: (path: string) => boolean, root = "/"): Places {
  const onDisk = root === "/" ? (path: string): string => path : (path: string): string => join(root, path);
  const realRoot = realpathSync(root);
  const fromDisk = root === "/" ? (path: string): string => path : (path: string): string => join("/", relative(realRoot, path));
  const findReal = (candidate: string): string | undefined => {
    // Most are not there, and an error costs more than all else here.
    if (!existsSync(onDisk(candidate))) return undefined;
    try {
      const real = fromDisk(realpathSync.native(onDisk(candidate)));
      return sees(real) ? real : undefined;
    } catch {
      // Gone meanwhile.
      return undefined;
    }
  };
  // Paths are put together as text: join costs more than what is asked of the kernel, a few hundred times over.
  return {
    onDisk,
    realPaths: (candidates) => [...new Set(candidates.flatMap((candidate) => findReal(candidate) ?? []))],
    realFiles(candidates) {
      const isNamesake = (candidate: string, real: string): boolean => basename(real) === basename(candidate) && statSync(onDisk(real), { throwIfNoEntry: false })?.isFile() === true;
      return [...new Set(candidates.flatMap((candidate) => {
        const real = findReal(candidate);
        return real !== undefined && isNamesake(candidate, real) ? [real] : [];
      }))];
    },
    names(folder) {
      if (!existsSync(onDisk(folder))) return [];
      try {
        return readdirSync(onDisk(folder));
      } catch {
        return [];
      }
    },
  };
}

/** Whether what was laid last over a path, or over a folder above it, shows what is there outside. */
export function seesBy(files: readonly Mount[]): (path: string) => boolean {
  const laid = new Map<string, number>();
  for (const [index, { kind, path }] of files.entries()) if (kind !== "sealed") laid.set(path, index);
  return (path) => {
    let last = laid.get("/") ?? -1;
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) last = Math.max(last, laid.get(path.slice(0, end)) ?? -1);
    const mount = files[last];
    return mount !== undefined && "source" in mount && mount.source === mount.path;
  };
}
