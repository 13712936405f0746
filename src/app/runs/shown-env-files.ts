// `.env` files of a project that hold what the vault holds: behind the wall they read as if it were placeholders that they hold.
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { readBounded } from "../../disk/bounded-file.ts";
import type { Hiding } from "../../run/hidden-values.ts";
import { replaceHidden } from "../../run/hidden-values.ts";
import { disk } from "../../wall/files/disk-view.ts";
import { listEnvFiles } from "../../wall/files/env-files.ts";
import { findProjectRoot } from "../../wall/files/project-root.ts";

const BYTES_MAX = 1024 * 1024;

export interface ShownFile {
  readonly path: string;
  /** What is shown in its place. */
  readonly source: string;
}

/** Writes what is shown into the run's folder. @param hidden the run's values, and what stands for them */
export function writeShownEnvFiles(hidden: Hiding["hidden"], folder: string): ShownFile[] {
  const home = disk.realOf(homedir()) ?? homedir();
  const cwd = disk.realOf(process.cwd()) ?? process.cwd();
  const root = findProjectRoot(disk, cwd, home);
  if (root === undefined) return [];
  const place = join(folder, "env-files");
  return listEnvFiles(disk, root, cwd).flatMap((path, index) => {
    const read = readBounded(path, BYTES_MAX);
    const shown = read.kind === "read" ? replaceHidden(read.bytes, hidden) : undefined;
    if (shown === undefined) return [];
    mkdirSync(place, { recursive: true, mode: 0o700 });
    const source = join(place, String(index));
    writeFileSync(source, shown, { flag: "wx", mode: 0o600 });
    return [{ path, source }];
  });
}
