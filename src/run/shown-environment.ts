// The environment that a process was started with stands in its memory, and the system shows it to every program of the same user (/proc/<pid>/environ), however much of it the process has let go of meanwhile.
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

export interface ShownVariable {
  readonly name: string;
  readonly value: Buffer;
}

export interface ProcessAbove {
  readonly pid: number;
  /** Of its program, as far as the kernel keeps it: 15 bytes. */
  readonly name: string;
  readonly variables: readonly ShownVariable[];
}

/** proc_pid_stat(5), counted behind the command's name. */
const [PARENT, ENVIRONMENT_START] = [1, 47];
/** More is a loop, or nobody's way to start a program. */
const DEPTH_MAX = 64;

/** The ancestors of this process whose environment it may read, the nearest first; so may its child. None where the system is not Linux. */
export function readProcessesAbove(): ProcessAbove[] {
  const above: ProcessAbove[] = [];
  for (let pid = process.ppid; pid > 0 && above.length < DEPTH_MAX; ) {
    const found = readProcess(pid);
    if (found === undefined) break;
    above.push(found.process);
    pid = found.parent;
  }
  return above;
}

function readProcess(pid: number): { readonly process: ProcessAbove; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return { process: { pid, name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")), variables: readVariables(pid) }, parent: Number(fieldsOf(stat)[PARENT]) };
  } catch {
    return undefined;
  }
}

/** Empty where they are not ours to read. */
function readVariables(pid: number): ShownVariable[] {
  try {
    return splitBlock(readFileSync(`/proc/${pid}/environ`));
  } catch {
    return [];
  }
}

/**
 * Overwrites the values of some variables of this process's own with NULs, where the system shows them. `process.env` has them empty from then on.
 *
 * Node has no call for that; but a process may write to its own memory as to a file, and the kernel tells where the block begins. It is written to only if the very same bytes are found there.
 *
 * @param names of those that are to be erased.
 * @returns the names of those that are shown still: on other systems than Linux, all of them.
 */
export function eraseShown(isSecret: (variable: ShownVariable) => boolean, names: readonly string[]): string[] {
  if (process.platform !== "linux") return [...names];
  try {
    overwrite(readFileSync("/proc/self/environ"), isSecret);
  } catch {
    // What is left tells.
  }
  return readVariables(process.pid).filter(isSecret).map(({ name }) => name);
}

function overwrite(block: Buffer, isSecret: (variable: ShownVariable) => boolean): void {
  const start = Number(fieldsOf(readFileSync("/proc/self/stat", "latin1"))[ENVIRONMENT_START]);
  const memory = openSync("/proc/self/mem", "r+");
  try {
    const there = Buffer.alloc(block.length);
    if (readSync(memory, there, 0, there.length, start) !== block.length || !there.equals(block)) return;
    for (const variable of splitBlock(block)) {
      if (!isSecret(variable)) continue;
      const { byteOffset, length } = variable.value;
      writeSync(memory, Buffer.alloc(length), 0, length, start + byteOffset - block.byteOffset);
    }
  } finally {
    closeSync(memory);
  }
}

/** Views of the block's own bytes. */
function splitBlock(block: Buffer): ShownVariable[] {
  const variables: ShownVariable[] = [];
  for (let at = 0; at < block.length; ) {
    const end = block.indexOf(0, at) < 0 ? block.length : block.indexOf(0, at);
    const equals = block.indexOf("=", at, "latin1");
    if (equals > at && equals < end) variables.push({ name: block.toString("utf8", at, equals), value: block.subarray(equals + 1, end) });
    at = end + 1;
  }
  return variables;
}

function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
