// The `.env` files that a walled program comes by in its work: of the folders that it may write to, the nearest first, and of those above the project.
import type { DiskView } from "./disk-view.ts";
import { isBelow } from "./path-order.ts";

const NAME = /^(?:\.env(?:[._-].+)?|.+\.env|\.dev\.vars(?:\..+)?|\.envrc(?:\..+)?|\.flaskenv|\.secrets(?:\..+)?)$/i;
/** Others wrote what is in these, and they are most of a project's folders. */
const SKIPPED = new Set(["node_modules", ".git", ".venv", "venv"]);
/** A look at so many takes a tenth of a second. */
const FOLDERS_MAX = 5_000;

/**
 * Plain files alone, by their real paths: what a link of such a name leads to counts as well, wherever that is.
 *
 * @param roots without links. The first is the project's. @param home without links. @param foldersMax for tests.
 */
export function listEnvFiles(view: DiskView, roots: readonly string[], home: string, foldersMax = FOLDERS_MAX): string[] {
  const found = new Set<string>();
  const look = (folder: string): string[] => {
    const entries = view.entriesIn(folder);
    for (const { name, kind } of entries) {
      if (!NAME.test(name) || (kind !== "file" && kind !== "link")) continue;
      const path = kind === "link" ? view.realOf(`${folder}/${name}`) : `${folder}/${name}`;
      if (path !== undefined && view.kindOf(path) === "file") found.add(path);
    }
    return entries.filter(({ name, kind }) => kind === "folder" && !SKIPPED.has(name)).map(({ name }) => `${folder}/${name}`);
  };
  const folders = [...roots];
  for (let at = 0; at < Math.min(folders.length, foldersMax); at += 1) folders.push(...look(folders[at] ?? ""));
  for (let at = roots[0] === undefined ? home : parentOf(roots[0]); at === home || isBelow(at, home); at = parentOf(at)) look(at);
  return [...found];
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
