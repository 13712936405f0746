// Whether a command can be started, as execvp(3) would find it: told before there is anything to start, so that it is told in the same words as without a wall.
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { systemErrorCode } from "../../errors.ts";

export type CommandTrouble =
  | { readonly kind: "not-found" }
  /** `reason` is the system's code, such as `EACCES`. */
  | { readonly kind: "not-executable"; readonly reason: string };

/** What execvp looks through where no PATH is set. */
const DEFAULT_PATH = "/bin:/usr/bin";
const HEAD_BYTES = 256;

/** @param path the PATH of the program's own environment. @returns undefined for a command that can be started. */
export function findCommandTrouble(command: string, path: string | undefined): CommandTrouble | undefined {
  if (command === "") return { kind: "not-found" };
  if (command.includes("/")) return judge(resolve(command));
  const troubles = (path ?? DEFAULT_PATH).split(delimiter).map((folder) => judge(join(resolve(folder), command)));
  if (troubles.includes(undefined)) return undefined;
  // One that may not be executed is told of, where nothing else is found.
  return troubles.find((trouble) => trouble?.kind === "not-executable") ?? { kind: "not-found" };
}

function judge(file: string): CommandTrouble | undefined {
  try {
    if (statSync(file).isDirectory()) return { kind: "not-executable", reason: "EACCES" };
    accessSync(file, constants.X_OK);
  } catch (error) {
    return judgeError(systemErrorCode(error) ?? "EIO");
  }
  const interpreter = findInterpreter(file);
  return interpreter === undefined || isThere(interpreter) ? undefined : { kind: "not-found" };
}

function judgeError(code: string): CommandTrouble {
  return code === "ENOENT" || code === "ENOTDIR" ? { kind: "not-found" } : { kind: "not-executable", reason: code };
}

/** Of a script, the program that its first line names. */
function findInterpreter(file: string): string | undefined {
  try {
    const descriptor = openSync(file, "r");
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      const text = head.toString("latin1", 0, readSync(descriptor, head, 0, HEAD_BYTES, 0));
      return /^#![ \t]*([^ \t\r\n]+)/.exec(text)?.[1];
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A program may be executed and not be read.
    return undefined;
  }
}

function isThere(path: string): boolean {
  return statSync(resolve(path), { throwIfNoEntry: false }) !== undefined;
}
