// The `.env` files of a project, as far as they are looked for: at its root, on the way to the current folder, and two levels down.
import type { DiskView } from "./disk-view.ts";
import { isWithin, listBetween } from "./path-order.ts";

const NAME = /^(?:\.env(?:\..+)?|.+\.env|\.dev\.vars|\.envrc)$/;
/** Others wrote what is in these. */
const SKIPPED = new Set(["node_modules", ".git", ".venv", "venv", "target", "dist", "build", "vendor"]);
const DEPTH = 2;
const FOLDERS_MAX = 256;

/** Plain files only: a link leads to a file that is shown, or not, by itself. */
export function listEnvFiles(view: DiskView, root: string, cwd: string): string[] {
  const folders = new Set([root, ...(isWithin(cwd, root) ? [...listBetween(root, `${cwd}/.`), cwd] : [])]);
  const descend = (folder: string, depth: number): void => {
    for (const name of depth === 0 ? [] : view.namesIn(folder)) {
      const path = `${folder}/${name}`;
      if (folders.size >= FOLDERS_MAX || SKIPPED.has(name) || view.kindOf(path) !== "folder") continue;
      folders.add(path);
      descend(path, depth - 1);
    }
  };
  descend(root, DEPTH);
  return [...folders].flatMap((folder) => view.namesIn(folder).filter((name) => NAME.test(name)).map((name) => `${folder}/${name}`)).filter((path) => view.kindOf(path) === "file");
}
