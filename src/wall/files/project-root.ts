// Which folder a walled program may write to: the Git work tree around the current folder, or else that folder.
import { dirname } from "node:path";
import type { DiskView } from "./disk-view.ts";
import { isWithin } from "./path-order.ts";

/**
 * The project's root, without links. Undefined for the home folder, the root and what is above the home folder: too much would be writable.
 * A work tree that is as large as that does not count, such as one that keeps dotfiles.
 */
export function findProjectRoot(view: DiskView, cwd: string, home: string): string | undefined {
  const folder = view.realOf(cwd);
  if (folder === undefined || isTooWide(folder, home)) return undefined;
  for (let at = folder; !isTooWide(at, home); at = dirname(at)) if (view.kindOf(`${at}/.git`) !== undefined) return at;
  return folder;
}

/** Whether the folder holds the whole home folder. */
export function isTooWide(folder: string, home: string): boolean {
  return folder === "/" || isWithin(home, folder);
}
