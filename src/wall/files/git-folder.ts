// Where Git keeps what belongs to a work tree.
import { dirname, resolve } from "node:path";
import type { DiskView } from "./disk-view.ts";
import { parseGitPaths } from "./git-settings.ts";

export type FoundGit =
  /** `.git` is the folder itself. */
  | { readonly kind: "own"; readonly folder: string }
  /** `.git` is a file that says where it is, the common folder of all work trees in the first case: a further work tree, or a submodule. */
  | { readonly kind: "linked"; readonly folder: string }
  | { readonly kind: "none"; readonly why: string | undefined };

/**
 * A program that has once run in the project may have written the `.git` file, and must not open another folder by it:
 * the folder counts that names this work tree in turn, since what lies outside the project was not the program's to write.
 */
export function findGitFolder(view: DiskView, root: string): FoundGit {
  const path = `${root}/.git`;
  const kind = view.kindOf(path);
  if (kind === undefined) return { kind: "none", why: undefined };
  if (kind === "folder") return { kind: "own", folder: path };
  if (kind === "link") return { kind: "none", why: `"${path}" is a link: what it leads to is read-only` };
  const named = /^gitdir: (.+)$/m.exec(view.textOf(path) ?? "")?.[1];
  const folder = named === undefined ? undefined : view.realOf(resolve(root, named));
  if (folder === undefined || view.kindOf(`${folder}/HEAD`) !== "file") return { kind: "none", why: `"${path}" leads to no Git folder` };
  const common = findCommonFolder(view, folder);
  if (common !== undefined && view.realOf(resolve(folder, read(view, `${folder}/gitdir`))) === path) return { kind: "linked", folder: common };
  const { workTree } = parseGitPaths(view.textOf(`${folder}/config`) ?? "");
  if (common === undefined && workTree !== undefined && view.realOf(resolve(folder, workTree)) === root) return { kind: "linked", folder };
  return { kind: "none", why: `"${folder}", which "${path}" names, does not name this work tree: it is read-only` };
}

/** The main folder of a further work tree's; undefined unless it lies where Git puts it. */
function findCommonFolder(view: DiskView, folder: string): string | undefined {
  const named = read(view, `${folder}/commondir`);
  const common = named === "" || named === "." ? undefined : view.realOf(resolve(folder, named));
  return common !== undefined && dirname(folder) === `${common}/worktrees` ? common : undefined;
}

function read(view: DiskView, path: string): string {
  return (view.textOf(path) ?? "").trim();
}
