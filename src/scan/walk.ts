// The files below a folder, by their names alone: links are not followed, folders of others' work are passed by, and there is an end to it.
import { opendirSync } from "node:fs";
import { join } from "node:path";
import { systemErrorCode } from "../errors.ts";
import { PASSED_FOLDERS } from "./attention.ts";

const FILES_MAX = 200_000;
const DEPTH_MAX = 64;

export interface Walk {
  /** Each file once, its path below `folder` as that was written. `isIgnored`: git has been told to ignore the folder that it stands in. */
  readonly files: Iterable<{ readonly path: string; readonly isIgnored: boolean }>;
  /** What was not looked into, and why; complete when the files have been gone through. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
  readonly passed: () => number;
}

/** Of a repository's own folder, its settings alone: a remote's address may have a token in it. @param isIgnoredFolder by its path. */
export function walkFolder(folder: string, isIgnoredFolder: (path: string) => boolean): Walk {
  const left: { path: string; why: string }[] = [];
  let passed = 0;
  function* walk(): Generator<{ path: string; isIgnored: boolean }> {
    const waiting = [{ path: folder, depth: 0, isIgnored: false }];
    let count = 0;
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { path, depth, isIgnored } = next;
      for (const { name, kind } of entriesOf(path, left)) {
        const below = join(path, name);
        if (kind === "folder") {
          if (name === ".git") yield { path: join(below, "config"), isIgnored };
          if (PASSED_FOLDERS.has(name)) passed += 1;
          else if (depth >= DEPTH_MAX) left.push({ path: below, why: `lies deeper than ${DEPTH_MAX} folders` });
          else waiting.push({ path: below, depth: depth + 1, isIgnored: isIgnored || isIgnoredFolder(below) });
          continue;
        }
        count += 1;
        if (count > FILES_MAX) {
          left.push({ path: folder, why: `holds more than ${FILES_MAX} files` });
          return;
        }
        yield { path: below, isIgnored };
      }
    }
  }
  return { files: walk(), left, passed: () => passed };
}

/** Of regular files and folders, sorted, so that two scans say the same. */
function entriesOf(path: string, left: { path: string; why: string }[]): { readonly name: string; readonly kind: "file" | "folder" }[] {
  const found: { name: string; kind: "file" | "folder" }[] = [];
  try {
    const folder = opendirSync(path);
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
        if (found.length >= FILES_MAX) break;
        if (entry.isFile()) found.push({ name: entry.name, kind: "file" });
        else if (entry.isDirectory()) found.push({ name: entry.name, kind: "folder" });
      }
    } finally {
      folder.closeSync();
    }
  } catch (error) {
    left.push({ path, why: `cannot be read (${systemErrorCode(error) ?? "unknown error"})` });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
