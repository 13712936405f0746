// A real pipe for a child's output. What Node calls a pipe is a pair of sockets: a program cannot open /dev/stdout then, and a reader that goes early
// is a "connection reset" to it instead of SIGPIPE.
import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { join } from "node:path";
import { findProgramsPath } from "../../disk/programs-path.ts";

export interface OutputPipe {
  /** For the child's `stdout` or `stderr`; a stream only since execa takes no descriptor above 9. It blocks in the child, as a pipe of the shell's does. */
  readonly writeEnd: Socket;
  /** Call when the child has its copy, or will never have one: until then the pipe does not end. */
  handOver(): void;
  /** Call once at most. */
  openReader(): Readable;
  /** In place of `openReader`. */
  discard(): void;
}

/**
 * Node cannot make a pipe of its own, so a named one stands in a private folder for a moment.
 *
 * @param folder of ours, 0700.
 * @returns undefined where the system has no `mkfifo`: Windows, and bare containers.
 */
export function findOutputPipe(folder: string, name: string): OutputPipe | undefined {
  const path = join(folder, name);
  if (process.platform === "win32" || spawnSync("mkfifo", ["-m", "600", path], { stdio: "ignore", env: { PATH: findProgramsPath() } }).status !== 0) return undefined;
  try {
    // In this order neither waits for the other (fifo(7)).
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writeEnd = new Socket({ fd: openSync(path, constants.O_WRONLY), readable: false, writable: true });
    return {
      writeEnd,
      handOver: () => { writeEnd.destroy(); },
      openReader: () => new Socket({ fd: readEnd, readable: true, writable: false }),
      discard: () => { closeSync(readEnd); },
    };
  } finally {
    rmSync(path, { force: true });
  }
}
