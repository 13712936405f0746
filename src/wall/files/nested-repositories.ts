// Git repositories deeper in a project. Their settings and hooks name programs, which `git status` starts, and with it a shell's prompt, as soon as somebody enters the folder.
import type { Dirent } from "node:fs";
import { lstatSync, readdirSync } from "node:fs";

/** A look at so many takes a tenth of a second. What lies nearer to the root comes first. */
const FOLDERS_MAX = 5_000;
/** Nobody's place to work in, and most of a project's folders. */
const PASSED_OVER = new Set([".git", "node_modules"]);

/**
 * Those whose settings or hooks have been made or changed since, by the kernel's own date of it, which no program can set back. The project's own is watched in another way.
 *
 * @param root a folder without links. @param sinceMs by the machine's clock.
 * @returns for each the folder that holds its settings, or the file that names that one.
 */
export function findChangedRepositories(root: string, sinceMs: number): string[] {
  const found: string[] = [];
  const folders = [root];
  for (let at = 0; at < Math.min(folders.length, FOLDERS_MAX); at += 1) {
    const folder = folders[at] ?? root;
    const entries = readEntries(folder);
    const names = new Set(entries.map(({ name }) => name));
    if (isBare(names)) found.push(folder);
    else {
      if (folder !== root && names.has(".git")) found.push(`${folder}/.git`);
      folders.push(...entries.filter((entry) => entry.isDirectory() && !PASSED_OVER.has(entry.name)).map(({ name }) => `${folder}/${name}`));
    }
  }
  return found.filter((path) => listObeyed(path).some((obeyed) => changedMs(obeyed) >= sinceMs)).sort();
}

/** Git takes any folder for a repository that has these in it. */
function isBare(names: ReadonlySet<string>): boolean {
  return names.has("HEAD") && (names.has("commondir") || (names.has("objects") && names.has("refs")));
}

/** What a repository obeys: not what changes with each commit. */
function listObeyed(path: string): string[] {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const hooks = `${path}/hooks`;
  return [...["config", "config.worktree", "commondir", "info/attributes"].map((name) => `${path}/${name}`), hooks, ...readEntries(hooks).map(({ name }) => `${hooks}/${name}`)];
}

function changedMs(path: string): number {
  try {
    return lstatSync(path).ctimeMs;
  } catch {
    return 0;
  }
}

function readEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
