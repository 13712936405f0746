// Programs that a run has left in a folder of the project that is on the PATH, as a virtual environment's is: a shell outside starts them in place of those that have the same name.
import { lstatSync, readdirSync } from "node:fs";
import { delimiter } from "node:path";
import { find } from "./disk-view.ts";
import { isWithin } from "./path-order.ts";

/** More would be a build's, and are told by their number. */
const TOLD_MAX = 8;

/**
 * Those that have been made or changed since, by the kernel's own date of it.
 *
 * @param folders that the program could write to, without links. @param realOf a path without links. @returns what the person should look at.
 */
export function tellShadowing(path: string, folders: readonly string[], sinceMs: number, realOf: (path: string) => string | undefined): string[] {
  const searched = path.split(delimiter).map((named) => ({ named, real: realOf(named === "" ? "." : named) }));
  const isWritable = (real: string | undefined): boolean => real !== undefined && folders.some((folder) => isWithin(real, folder));
  // Most people's PATH has no such folder, and to list all of its others takes time.
  if (!searched.some(({ real }) => isWritable(real))) return [];
  const others = new Map(searched.filter(({ real }) => !isWritable(real)).reverse().flatMap(({ named }) => namesIn(named).map((name) => [name, `${named}/${name}`] as const)));
  const lines = searched.flatMap(({ named, real }) => (isWritable(real) ? namesIn(named) : []).flatMap((name) => {
    const hidden = others.get(name);
    return hidden !== undefined && changedMs(`${named}/${name}`) >= sinceMs ? [`"${named}/${name}" was made or changed during the run, and is on your PATH: a shell may start it in place of "${hidden}"`] : [];
  }));
  return lines.length <= TOLD_MAX ? lines : [...lines.slice(0, TOLD_MAX), `and ${lines.length - TOLD_MAX} more programs on your PATH, in folders of the project`];
}

function namesIn(folder: string): string[] {
  return find(() => readdirSync(folder)) ?? [];
}

function changedMs(path: string): number {
  return find(() => lstatSync(path).ctimeMs) ?? 0;
}
