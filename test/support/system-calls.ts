// Stops a command, or lets it fail, at each of its system calls that change something (strace's fault injection).
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TEST_STORE } from "./test-store.ts";

/** One call to be stopped at: the `nth` of its kind in the command's main thread. */
export interface Moment {
  readonly call: string;
  readonly nth: number;
  /** As strace wrote it. */
  readonly line?: string;
}

export interface Traced {
  readonly status: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** Calls by which a program changes files. */
export const MUTATING_CALLS = ["openat", "write", "pwrite64", "fsync", "rename", "link", "unlink", "mkdir", "ftruncate", "chmod", "rmdir"] as const;

/** Calls by which it speaks to a store as well, and hears its answers. */
const STORE_CALLS = TEST_STORE === undefined ? [] : (["writev", "read"] as const);
const TRACED = `trace=${[...MUTATING_CALLS, ...STORE_CALLS].join(",")}`;

/** Every moment of a command, in the order in which they happen, those included at which it asks a store and hears its answer. Files that it only reads are left out. */
export function listMoments(command: readonly string[], options: { readonly env: NodeJS.ProcessEnv; readonly input?: string; readonly under: string }): Moment[] {
  const folder = mkdtempSync(join(tmpdir(), "vault-trace-"));
  const log = join(folder, "log");
  try {
    const { status, stderr } = spawnSync("strace", ["-qq", "-yy", "-o", log, "-e", TRACED, ...command], { env: traced(options.env), input: options.input ?? "", encoding: "utf8" });
    if (status !== 0) throw new Error(`the command to be traced ended with ${status ?? "a signal"}: ${stderr}`);
    return readMoments(log, options.under);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same while this process goes on: for a command that asks it for something. */
export async function listMomentsMeanwhile(command: readonly string[], options: { readonly env: NodeJS.ProcessEnv; readonly under: string }): Promise<Moment[]> {
  const folder = mkdtempSync(join(tmpdir(), "vault-trace-"));
  const log = join(folder, "log");
  try {
    const { status, output } = await strace(["-yy", "-s", "1200", "-o", log, "-e", TRACED, ...command], options.env);
    if (status !== 0) throw new Error(`the command to be traced ended with ${status ?? "a signal"}: ${output}`);
    return readMoments(log, options.under);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readMoments(log: string, under: string): Moment[] {
  const counts = new Map<string, number>();
  return readFileSync(log, "utf8").split("\n").flatMap((line) => {
    const [, call] = /^(\w+)\(/.exec(line) ?? [];
    if (call === undefined) return [];
    const nth = (counts.get(call) ?? 0) + 1;
    counts.set(call, nth);
    if (isOfStore({ call, nth, line })) return [{ call, nth, line }];
    return call !== "read" && line.includes(under) && !(call === "openat" && !line.includes("O_CREAT")) ? [{ call, nth, line }] : [];
  });
}

/** A question to a store, or an answer of it. */
export function isOfStore({ line = "" }: Moment): boolean {
  return TEST_STORE !== undefined && /^(?:write|writev|read)\(\d+<TCP:\[/.test(line);
}

/** What a failing disk says is said by no connection: there it is cut. */
export function faultAt(moment: Moment, fault: string): string {
  return fault !== "SIGKILL" && isOfStore(moment) ? "ECONNRESET" : fault;
}

/**
 * Those at which a fault can leave other files than at the moment behind it: a command that is killed before a flush, or before making a folder that is there, leaves the files that one leaves
 * which is killed right behind it. What else could fail at such a call is kept for all other faults.
 */
export function distinctMoments(moments: readonly Moment[], fault: string): readonly Moment[] {
  return fault === "SIGKILL" ? moments.filter(({ call, line = "" }) => call !== "fsync" && !/ = -1 E\w+ /.test(line)) : moments;
}

/** Runs the command with SIGKILL, or an error such as `ENOSPC`, at that moment. */
export function runWithFault(command: readonly string[], { call, nth }: Moment, fault: string, options: { readonly env: NodeJS.ProcessEnv; readonly input?: string }): Traced {
  const { status, signal, stdout, stderr } = spawnSync("strace", ["-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", injectionOf({ call, nth }, fault), ...command], { env: traced(options.env), input: options.input ?? "", encoding: "utf8", timeout: 60_000 });
  return { status, signal, output: `${stdout}${stderr}` };
}

/** The same while this process goes on. @returns its calls as strace wrote them as well: where a command has sockets, how often it writes is not the same each time. */
export async function runWithFaultMeanwhile(command: readonly string[], moment: Moment, fault: string, options: { readonly env: NodeJS.ProcessEnv }): Promise<Traced & { readonly log: string }> {
  const folder = mkdtempSync(join(tmpdir(), "vault-trace-"));
  const log = join(folder, "log");
  try {
    const outcome = await strace(["-yy", "-s", "1200", "-o", log, "-e", TRACED, "-e", injectionOf(moment, fault), ...command], options.env);
    return { ...outcome, log: readFileSync(log, "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function injectionOf({ call, nth }: Moment, fault: string): string {
  return `inject=${call}:${fault === "SIGKILL" ? "signal=SIGKILL" : `error=${fault}`}:when=${nth}`;
}

function strace(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Traced> {
  return new Promise((resolve) => {
    const child = spawn("strace", ["-qq", ...args], { env: traced(env), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("close", (status, signal) => { resolve({ status, signal, output }); });
  });
}

/** io_uring would hide calls from strace. */
function traced(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, UV_USE_IO_URING: "0" };
}
