// Where programs are looked for that vault starts by itself. A virtual environment, direnv and `npm run` put folders of the project on the PATH, and what an earlier run has left there is nobody's `git`.
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, sep } from "node:path";

/** The PATH of this process without folders of the project that it is in, those of packages, and what is relative. */
export function findProgramsPath(path = process.env["PATH"] ?? "", cwd = process.cwd(), home = homedir()): string {
  const project = findProject(realOf(cwd), realOf(home));
  return path.split(delimiter).filter((folder) => isAbsolute(folder) && isOutside(realOf(folder), project)).join(delimiter);
}

function isOutside(folder: string, project: string | undefined): boolean {
  return (project === undefined || !isWithin(folder, project)) && !folder.split(sep).includes("node_modules");
}

/** As the wall has it: the nearest folder that Git works in, or else this one. The home folder and what is above it are nobody's project: most people's own programs are there. */
function findProject(folder: string, home: string): string | undefined {
  if (isWithin(home, folder)) return undefined;
  for (let at = folder; !isWithin(home, at); at = dirname(at)) if (existsSync(join(at, ".git"))) return at;
  return folder;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
