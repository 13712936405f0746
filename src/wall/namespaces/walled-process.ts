// The program's own process, as it is seen from outside its pid namespace: what signals are sent to.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The first process in the namespace is bubblewrap's; what it starts is the second. */
const PROGRAM_PID = 2;
const POLL_MS = 2;
/** The wall's processes pass signals over until the program takes their place. One that the program itself passes over would look the same, so nobody waits for longer. */
const WAIT_MS = 500;

/** HUP INT QUIT USR1 USR2 TERM, as bits of /proc's `SigIgn`. */
const PASSED_OVER = [1, 2, 3, 10, 12, 15].reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);

/**
 * Waits until the program can have signals.
 *
 * @param first the first process of the namespace.
 * @returns its id outside; undefined where it has ended by now, noted or not.
 */
export async function findWalledProcess(first: number): Promise<number | undefined> {
  const startMs = performance.now();
  while (performance.now() - startMs < WAIT_MS) {
    const children = readQuietly(`/proc/${first}/task/${first}/children`);
    if (children === undefined || (children === "" && hasEnded(first))) return undefined;
    const pid = children.split(" ").filter((word) => word !== "").map(Number).find(isProgram);
    if (pid !== undefined && (heeds(pid) || performance.now() - startMs > WAIT_MS / 2)) return pid;
    await sleep(POLL_MS);
  }
  return undefined;
}

/**
 * Waits until a namespace's first process ends with its parent: it sees to that right before it takes on the filter of system calls, which can be seen. An older kernel does not count filters; there, what has been started by then tells.
 *
 * @param first as above. Resolves as well when it has ended.
 */
export async function waitUntilBound(first: number): Promise<void> {
  const own = countFilters(readQuietly("/proc/self/status") ?? "") ?? 0;
  for (;;) {
    const status = readQuietly(`/proc/${first}/status`);
    if (status === undefined || isZombie(status)) return;
    const filters = countFilters(status);
    if (filters === undefined ? (await findWalledProcess(first)) !== undefined : filters > own) return;
    await sleep(POLL_MS);
  }
}

/** Its parent ends with it, so that it is for the machine's first process to take note of its end: in containers, that one may do so late, or never. */
function hasEnded(pid: number): boolean {
  const status = readQuietly(`/proc/${pid}/status`);
  return status === undefined || isZombie(status);
}

function isZombie(status: string): boolean {
  return findField(status, "State")?.startsWith("Z") === true;
}

/** Undefined where the kernel does not tell. */
function countFilters(status: string): number | undefined {
  const text = findField(status, "Seccomp_filters");
  return text === undefined ? undefined : Number(text);
}

function isProgram(pid: number): boolean {
  return findField(readQuietly(`/proc/${pid}/status`) ?? "", "NSpid")?.split(/\s+/).at(-1) === String(PROGRAM_PID);
}

function heeds(pid: number): boolean {
  const ignored = BigInt(`0x${findField(readQuietly(`/proc/${pid}/status`) ?? "", "SigIgn") ?? "0"}`);
  return (ignored & PASSED_OVER) !== PASSED_OVER;
}

/** The value of a line of `/proc/<pid>/status`. Pure. */
function findField(status: string, name: string): string | undefined {
  return status.split("\n").find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim();
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
