// Where programs are looked for that vault starts by itself. A virtual environment, direnv and `npm run` put folders of the project on the PATH, and what an earlier run has left there is nobody's `git`.
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, sep } from "node:path";

/** The PATH of this process without folders of the project that it is in, those of packages, and what is relative. */
export function findProgramsPath(path = process.env["PATH"] ?? "", cwd = process.cwd()): string {
  const project = findProject(realOf(cwd));
  return path.split(delimiter).filter((folder) => isAbsolute(folder) && isOutside(realOf(folder), project)).join(delimiter);
}

function isOutside(folder: string, project: string): boolean {
  return folder !== project && !folder.startsWith(project.endsWith(sep) ? project : `${project}${sep}`) && !folder.split(sep).includes("node_modules");
}

/** The nearest folder that Git works in, or else this one. The root of the disk is nobody's project. */
function findProject(folder: string): string {
  for (let at = folder; dirname(at) !== at; at = dirname(at)) if (existsSync(join(at, ".git"))) return at;
  return folder;
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
