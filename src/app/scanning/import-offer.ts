// What to type so that the values of a scanned file go into the vault: the very import, with what is no credential skipped by name.
import { resolve } from "node:path";
import { readBounded } from "../../disk/bounded-file.ts";
import { VaultError } from "../../errors.ts";
import { sortNames } from "../imports/project-from-env.ts";
import type { Surroundings } from "../surroundings.ts";
import { FILE_BYTES_MAX } from "../../scan/read-text.ts";
import { quoteWord } from "./quote-word.ts";

/** What `secrets import` reads by its name. */
export const ENV_FILE = /(?:^|[/\\])(?:\.env(?:\.[^/\\]*)?|[^/\\]*\.env|\.dev\.vars)$/;
/** A command that fills a page is for nobody to paste. */
const SKIPPED_MAX = 24;

/**
 * @param names what was found by path, that from `folder` or absolute. Files that an import would not read, or get nothing from, get no offer.
 * @param mayShow whether a path or a name has no key in it. Of a file that would need another to be typed, there is no offer.
 */
export function offerImports(surroundings: Pick<Surroundings, "paths">, folder: string, names: ReadonlyMap<string, ReadonlySet<string>>, mayShow: (word: string) => boolean): string[] {
  return [...names].filter(([path]) => ENV_FILE.test(path) && mayShow(path)).flatMap(([path, found]) => {
    const read = readBounded(resolve(folder, path), FILE_BYTES_MAX);
    if (read.kind === "unreadable") return [];
    try {
      const { secrets, local, plain } = sortNames(surroundings, read.bytes, `"${path}"`);
      const skipped = [...plain, ...local];
      if (!secrets.some((name) => found.has(name)) || skipped.length > SKIPPED_MAX || !skipped.every(mayShow)) return [];
      return [["vault secrets import", quoteWord(path), ...skipped.map((name) => `--skip ${name}`)].join(" ")];
    } catch (error) {
      if (error instanceof VaultError) return [];
      throw error;
    }
  });
}
