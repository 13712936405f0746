// The bubblewrap of this machine: where it is, and whether it is one that a wall can be made with.
import { realpathSync, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import type { Obstacle } from "./obstacle.ts";

export interface Bubblewrap {
  readonly path: string;
  readonly isSetuid: boolean;
}

/** `--clearenv` came with 0.5. */
const OLDEST = [0, 5] as const;
/** `--size` came with 0.7; what is smaller fills half of the memory at most, as any file system in memory. */
const FIRST_WITH_SIZES = [0, 7] as const;
const SETUID = 0o4000;
const EXECUTABLE = 0o111;

/** Of root's files, all are root's own: these are the ones that no program behind a wall could have made. */
const SYSTEM_FOLDERS = ["/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin"];

/**
 * One that this user does not own comes before one that is theirs, whatever PATH says: `npm run` and virtual environments put folders first that a walled program can write.
 *
 * @param path a PATH; what is not absolute in it is passed over.
 * @param isProjects whether a file, without links, is one of the project's. Such a one is never taken: an earlier run may have put it there, and it would start outside.
 */
export function findBubblewrap(path: string | undefined, isProjects: (file: string) => boolean): Bubblewrap | undefined {
  const folders = (path ?? "").split(delimiter).filter((entry) => isAbsolute(entry));
  const found = folders.flatMap((folder) => look(join(folder, "bwrap"))).filter((one) => !isProjects(one.path) && !one.path.includes("/node_modules/"));
  return found.find(({ isOwn }) => !isOwn) ?? found[0];
}

function look(named: string): (Bubblewrap & { readonly isOwn: boolean })[] {
  try {
    const file = realpathSync(named);
    const stat = statSync(file);
    if (!stat.isFile() || (stat.mode & EXECUTABLE) === 0) return [];
    const user = process.getuid?.() ?? 0;
    return [{ path: file, isSetuid: (stat.mode & SETUID) !== 0, isOwn: user === 0 ? !SYSTEM_FOLDERS.includes(dirname(file)) : stat.uid === user }];
  } catch {
    return [];
  }
}

export const BUBBLEWRAP_MISSING: Obstacle = { cause: "bubblewrap is not installed: there is no bwrap in the folders of PATH", fix: "apt install bubblewrap, dnf install bubblewrap, apk add bubblewrap or pacman -S bubblewrap" };

/** With root's power from the start, what a walled program's user may ask of it is more than bubblewrap could hold (CVE-2026-41163). */
export function judgeSetuid({ path, isSetuid }: Bubblewrap): Obstacle | undefined {
  return isSetuid ? { cause: `"${path}" is setuid root, which a wall must not be made with`, fix: `sudo chmod u-s ${path}` } : undefined;
}

export interface Version {
  readonly obstacle: Obstacle | undefined;
  /** Whether the size of file systems in memory can be limited. */
  readonly hasSizes: boolean;
}

/** @param text in which what `bwrap --version` says stands at a line's end: before it, there may be the beginning of a complaint of another bubblewrap's. Pure. */
export function judgeVersion(path: string, text: string): Version {
  const found = /\bbubblewrap ([0-9]{1,4})\.([0-9]{1,4})[^\n]*$/m.exec(text);
  if (found === null) return { obstacle: { cause: `"${path} --version" does not say that it is bubblewrap`, fix: "install bubblewrap 0.5 or newer" }, hasSizes: false };
  const version = [Number(found[1]), Number(found[2])] as const;
  const obstacle = isAtLeast(version, OLDEST) ? undefined : { cause: `"${path}" is bubblewrap ${version.join(".")}, which is too old`, fix: "install bubblewrap 0.5 or newer" };
  return { obstacle, hasSizes: isAtLeast(version, FIRST_WITH_SIZES) };
}

function isAtLeast([major, minor]: readonly [number, number], [leastMajor, leastMinor]: readonly [number, number]): boolean {
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
