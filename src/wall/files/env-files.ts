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
  const folders = new Map<string, ReturnType<DiskView["entriesIn"]>>();
  const enter = (folder: string): ReturnType<DiskView["entriesIn"]> => {
    const entries = folders.get(folder) ?? view.entriesIn(folder);
    folders.set(folder, entries);
    return entries;
  };
  for (const folder of [root, ...(isWithin(cwd, root) ? [...listBetween(root, `${cwd}/.`), cwd] : [])]) enter(folder);
  const descend = (folder: string, depth: number): void => {
    for (const { name, kind } of enter(folder)) {
      if (kind !== "folder" || folders.size >= FOLDERS_MAX || SKIPPED.has(name)) continue;
      if (depth > 1) descend(`${folder}/${name}`, depth - 1);
      else enter(`${folder}/${name}`);
    }
  };
  descend(root, DEPTH);
  return [...folders].flatMap(([folder, entries]) => entries.filter(({ name, kind }) => kind === "file" && NAME.test(name)).map(({ name }) => `${folder}/${name}`));
}
