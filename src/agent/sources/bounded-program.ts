// Runs a program for what it prints: no shell, nothing on stdin, the variables that it is given and no others, so many bytes, so much time. It knows no vault.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { findText, wipe } from "../../bytes.ts";
import { SourceFailure } from "./source-maker.ts";

/** The longest value, in JSON that escapes each of its bytes. */
const OUTPUT_BYTES_MAX = 512 * 1024;
/** Of its error stream the beginning is kept: that names the cause. */
const SAID_BYTES_MAX = 4096;
/** How long what a program has printed may take to arrive when it has ended: a process that it leaves behind may hold the pipe. */
const LAST_BYTES_MS = 500;

export interface BoundedProgram {
  /** An absolute path, then arguments. */
  readonly command: readonly string[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * What the program has printed; the caller wipes it. When this returns or throws, the program has ended, and all of its process group with it.
 *
 * @throws SourceFailure `not-started`, `failed`, `timed-out`, `too-long`, `stopped`.
 */
export async function runForOutput({ command: [program = "", ...args], environment, timeoutMs, signal }: BoundedProgram): Promise<Uint8Array> {
  if (signal.aborted) throw new SourceFailure({ reason: "stopped", said: "" });
  // A group of its own, so that all of it can be ended; and no terminal, so that it can ask nobody in the run's name.
  const child = spawn(program, args, { cwd: "/", env: Object.fromEntries(environment.map(({ name, value }) => [name, value])), stdio: ["ignore", "pipe", "pipe"], detached: true, shell: false, windowsHide: true });
  const output = collect(child.stdout, OUTPUT_BYTES_MAX);
  const said = collect(child.stderr, SAID_BYTES_MAX);
  const fail = (reason: SourceFailure["failure"]["reason"], status?: number): SourceFailure => new SourceFailure({ reason, said: textOf(said.bytes()), ...(status === undefined ? {} : { status }) });
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  try {
    const outcome = await new Promise<Outcome>((resolve) => {
      child.once("error", () => { resolve("not-started"); });
      child.once("exit", (status) => { resolve({ status }); });
      timer = setTimeout(() => { resolve("timed-out"); }, timeoutMs);
      stop = () => { resolve("stopped"); };
      signal.addEventListener("abort", stop);
      void output.overrun.then(() => { resolve("too-long"); });
    });
    if (typeof outcome === "string") throw fail(outcome);
    await Promise.race([Promise.all([output.ended, said.ended]), output.overrun, sleep(LAST_BYTES_MS)]);
    if (output.isOverrun()) throw fail("too-long");
    if (outcome.status !== 0) throw fail("failed", outcome.status ?? undefined);
    return output.take();
  } finally {
    clearTimeout(timer);
    if (stop !== undefined) signal.removeEventListener("abort", stop);
    endGroup(child);
    output.close();
    said.close();
  }
}

type Outcome = "not-started" | "timed-out" | "stopped" | "too-long" | { readonly status: number | null };

interface Collected {
  readonly overrun: Promise<void>;
  readonly isOverrun: () => boolean;
  readonly ended: Promise<void>;
  readonly bytes: () => Uint8Array;
  /** What has come; it is the caller's to wipe from then on. */
  readonly take: () => Uint8Array;
  readonly close: () => void;
}

/** Reads all of a stream, and keeps so much of it at most: one that nobody reads would hold the program up. */
function collect(stream: Readable, bytesMax: number): Collected {
  const kept = Buffer.alloc(bytesMax);
  let length = 0;
  let isOver = false;
  let tell = (): void => undefined;
  const overrun = new Promise<void>((resolve) => { tell = resolve; });
  const ended = new Promise<void>((resolve) => { stream.once("close", resolve); });
  stream.on("data", (chunk: Buffer) => {
    length += chunk.copy(kept, length, 0, Math.min(chunk.length, bytesMax - length));
    if (length === bytesMax && !isOver) {
      isOver = true;
      tell();
    }
    wipe(chunk);
  });
  stream.on("error", () => undefined);
  return {
    overrun,
    isOverrun: () => isOver,
    ended,
    bytes: () => kept.subarray(0, length),
    take: () => new Uint8Array(kept.subarray(0, length)),
    close() {
      stream.destroy();
      wipe(kept);
    },
  };
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    // Windows has no such groups.
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

/** For a person's eyes: bytes that are no text are shown as such. */
function textOf(bytes: Uint8Array): string {
  return findText(bytes) ?? Buffer.from(bytes).toString("latin1");
}
