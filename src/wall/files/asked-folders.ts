// What a project's own file may ask to have writable. Whoever wrote the project wrote it: nothing that others run or obey, and nothing of another project.
import { resolve } from "node:path";
import type { DiskView } from "./disk-view.ts";
import { isBelow, isWithin } from "./path-order.ts";

/** What is deeper, or more, is not looked at, and then nothing is granted. */
const [DEPTH, FOLDERS_MAX] = [8, 2_048];

export interface AskedFolders {
  readonly granted: readonly string[];
  readonly warnings: readonly string[];
}

/** @param path the PATH variable: a folder in which programs are looked for is not given, nor one around it. */
export function judgeAskedFolders(view: DiskView, asked: readonly string[], { root, home, path }: { readonly root: string | undefined; readonly home: string; readonly path: string }): AskedFolders {
  const granted: string[] = [];
  const warnings: string[] = [];
  const searched = path.split(":").flatMap((folder) => view.realOf(folder) ?? []);
  for (const name of asked) {
    const folder = view.realOf(name.startsWith("~/") ? `${home}${name.slice(1)}` : resolve(root ?? home, name));
    const why = folder === undefined ? "it does not exist" : judge(view, folder, { root, home, searched });
    if (folder !== undefined && why === undefined) granted.push(folder);
    else warnings.push(`vault.run.json asks for "${name}" to be writable, which it is not: ${why ?? ""}`);
  }
  return { granted, warnings };
}

function judge(view: DiskView, folder: string, { root, home, searched }: { root: string | undefined; home: string; searched: readonly string[] }): string | undefined {
  if (view.kindOf(folder) !== "folder") return "it is no folder";
  if (root !== undefined && isWithin(folder, root)) return undefined;
  if (!isBelow(folder, home)) return "it is not in the home folder";
  if (folder.slice(home.length).includes("/.")) return "a folder whose name begins with a dot holds settings";
  if (searched.some((place) => isWithin(place, folder) || isWithin(folder, place))) return "programs are looked for there";
  if (view.kindOf(`${folder}/.git`) !== undefined || isInWorkTree(view, folder, home)) return "it belongs to another project";
  if (holdsWorkTrees(view, folder)) return "other projects are in it, or more than can be looked through";
  return undefined;
}

function isInWorkTree(view: DiskView, folder: string, home: string): boolean {
  for (let at = folder; isBelow(at, home); at = at.slice(0, at.lastIndexOf("/"))) if (view.kindOf(`${at}/.git`) !== undefined) return true;
  return false;
}

/** Hooks and settings of projects run outside, whoever has written them. */
function holdsWorkTrees(view: DiskView, folder: string): boolean {
  let left = FOLDERS_MAX;
  const holds = (at: string, depth: number): boolean => {
    const names = view.namesIn(at);
    if (names.includes(".git")) return true;
    return names.map((name) => `${at}/${name}`).filter((path) => view.kindOf(path) === "folder").some((path) => {
      left -= 1;
      return left < 0 || depth === 0 || holds(path, depth - 1);
    });
  };
  return holds(folder, DEPTH);
}
