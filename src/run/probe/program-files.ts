// Where the programs of an environment lie, and how their files begin.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { ProgramFiles } from "./runtime.ts";

/** A linker's notes stand within the first pages, and a script's first line is short. */
const HEAD_BYTES = 65_536;
const EXECUTABLE = 0o111;

/** @param path the PATH of the environment that the programs would be started in. */
export function openProgramFiles(path: string | undefined, platform: NodeJS.Platform = process.platform): ProgramFiles {
  const endings = platform === "win32" ? ["", ".exe", ".cmd", ".bat"] : [""];
  const isProgram = (file: string): boolean => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() === true && (platform === "win32" || (stat.mode & EXECUTABLE) !== 0);
  };
  const findQuietly = (file: string): string | undefined => {
    try {
      return endings.map((ending) => file + ending).find(isProgram);
    } catch {
      // A folder of the PATH that may not be entered.
      return undefined;
    }
  };
  return {
    findProgram(word) {
      if (word === "") return undefined;
      if (/[/\\]/.test(word)) return findQuietly(resolve(word));
      for (const folder of (path ?? "").split(delimiter)) {
        const found = folder === "" ? undefined : findQuietly(join(folder, word));
        if (found !== undefined) return found;
      }
      return undefined;
    },
    readHead,
  };
}

function readHead(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      return bytes.subarray(0, readSync(file, bytes, 0, HEAD_BYTES, 0)).toString("latin1");
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
