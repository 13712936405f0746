// `.env` files that hold what the vault holds: behind the wall they read as if it were placeholders that they hold.
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { readBounded } from "../../disk/bounded-file.ts";
import type { Hiding } from "../../run/hidden-values.ts";
import { replaceHidden, spellOtherwise } from "../../run/hidden-values.ts";
import { disk } from "../../wall/files/disk-view.ts";
import { listEnvFiles } from "../../wall/files/env-files.ts";
import { isWithin } from "../../wall/files/path-order.ts";
import { findProjectRoot } from "../../wall/files/project-root.ts";

export const ENV_FILE_BYTES_MAX = 1024 * 1024;
const NOT_LOOKED_THROUGH = "# vault: this file is not shown behind the wall, for it could not be looked through\n";

export interface ShownFile {
  readonly path: string;
  /** What is shown in its place. */
  readonly source: string;
}

/** Those of the project and above it, of what is writable, and what links of such names lead to. @param writable as for `writeShownEnvFiles` */
export function findEnvFiles(writable: readonly string[]): { readonly paths: readonly string[]; readonly roots: readonly string[] } {
  const home = disk.realOf(homedir()) ?? homedir();
  const root = findProjectRoot(disk, disk.realOf(process.cwd()) ?? process.cwd(), home);
  const roots = [...(root === undefined ? [] : [root]), ...writable.flatMap((path) => disk.realOf(path) ?? [])];
  return { paths: listEnvFiles(disk, roots, home), roots };
}

/** Writes what is shown into the run's folder. @param hidden the vault's values, and what stands for them. @param writable what the person named beside the project */
export function writeShownEnvFiles(hidden: Hiding["hidden"], folder: string, writable: readonly string[]): ShownFile[] {
  if (hidden.length === 0) return [];
  const { paths, roots } = findEnvFiles(writable);
  const place = join(folder, "env-files");
  const spellings = spellOtherwise(hidden);
  const all = [...hidden, ...spellings];
  try {
    return paths.flatMap((path, index) => {
      const read = readBounded(path, ENV_FILE_BYTES_MAX);
      // A link may lead anywhere: what is no file of the project's is not taken away for its size.
      const shown = read.kind === "read" ? replaceHidden(read.bytes, all) : roots.some((one) => isWithin(path, one)) ? Buffer.from(NOT_LOOKED_THROUGH) : undefined;
      if (shown === undefined) return [];
      mkdirSync(place, { recursive: true, mode: 0o700 });
      const source = join(place, String(index));
      writeFileSync(source, shown, { flag: "wx", mode: 0o600 });
      return [{ path, source }];
    });
  } finally {
    for (const { value } of spellings) value.wipe();
  }
}
