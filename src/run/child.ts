// The child of a run. The only file that knows execa.
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Transform } from "node:stream";
import { execa } from "execa";
import { VaultError } from "../errors.ts";
import type { ExitOutcome } from "./exit-outcome.ts";
import type { OutputPipe } from "./output-pipe.ts";
import { findOutputPipe } from "./output-pipe.ts";
import { relayOutput } from "./relayed-output.ts";
import type { HeldSignals } from "./signals.ts";
import { holdSignals } from "./signals.ts";

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is added from this process's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Signals that the caller has held since before there was a child, and holds until it has cleaned up. Without: held while the child lives. */
  readonly signals?: HeldSignals;
  /** Those of its output streams that pass through here and are rewritten, instead of being ours. */
  readonly rewrite?: OutputRewrite;
}

export interface OutputRewrite {
  /** Of ours, 0700: a pipe stands there for a moment. */
  readonly folder: string;
  readonly stdout?: Transform;
  readonly stderr?: Transform;
}

export interface Child {
  /** Rejects only with VaultError `io`: the system could not make a process. No message tells arguments. */
  readonly ended: Promise<ExitOutcome>;
}

/** Errors of fork(2) and pipe(2), as opposed to execve(2): they say nothing about the command. */
const NO_PROCESS = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);

/** Starts the command in our process group, with our standard streams and terminal, without a shell. It finds its program by the PATH of `environment`. */
export function startChild(options: ChildOptions): Child {
  const signals = options.signals ?? holdSignals();
  // POSIX has execvp fail so for an empty name; Node calls it a bug of its caller.
  const ended = options.command === "" ? Promise.resolve<ExitOutcome>({ kind: "not-found" }) : runChild(options, signals);
  return { ended: options.signals === undefined ? ended.finally(() => { signals.close(); }) : ended };
}

async function runChild({ command, args, environment, rewrite }: ChildOptions, signals: HeldSignals): Promise<ExitOutcome> {
  const outputs = rewrite === undefined ? [] : openOutputs(rewrite);
  const stdioOf = (descriptor: number): Socket | "inherit" | "pipe" => {
    const output = outputs.find((open) => open.descriptor === descriptor);
    return output === undefined ? "inherit" : (output.pipe?.writeEnd ?? "pipe");
  };
  const child = execa(command, args, {
    env: environment,
    extendEnv: false,
    stdin: "inherit",
    stdout: stdioOf(1),
    stderr: stdioOf(2),
    buffer: false,
    reject: false,
    // Otherwise NODE_DEBUG=execa prints the arguments.
    verbose: "none",
    // Otherwise a child that takes more than five seconds to end on a forwarded SIGTERM is killed.
    forceKillAfterDelay: false,
    // Otherwise a failure of ours ends the child, too; it just loses its proxy.
    cleanup: false,
    windowsHide: false,
  });
  const relays = outputs.flatMap(({ descriptor, transform, pipe }) => {
    pipe?.handOver();
    if (child.pid === undefined) pipe?.discard();
    const source = child.pid === undefined ? null : (pipe?.openReader() ?? (descriptor === 1 ? child.stdout : child.stderr));
    return source === null ? [] : [relayOutput(source, transform, descriptor)];
  });
  // Starting is synchronous, so that a signal from before this line is delivered by it. One for a child that has ended goes nowhere.
  signals.deliverTo((signal) => { child.kill(signal); });
  if (relays.length > 0) {
    await once(child, "exit");
    await Promise.all(relays.map((output) => output.finish()));
  }
  const { exitCode, signal, code } = await child;
  if (signal !== undefined) return { kind: "signalled", signal };
  if (exitCode !== undefined) return { kind: "exited", status: exitCode };
  return judgeStart(command, code ?? "unknown error");
}

interface Output {
  readonly descriptor: 1 | 2;
  readonly transform: Transform;
  readonly pipe: OutputPipe | undefined;
}

function openOutputs({ folder, stdout, stderr }: OutputRewrite): Output[] {
  const open = (descriptor: 1 | 2, transform: Transform | undefined): Output[] => (transform === undefined ? [] : [{ descriptor, transform, pipe: findOutputPipe(folder, `output-${descriptor}`) }]);
  return [...open(1, stdout), ...open(2, stderr)];
}

function judgeStart(command: string, code: string): ExitOutcome {
  if (code === "ENOENT") return { kind: "not-found" };
  if (NO_PROCESS.has(code)) throw new VaultError("io", `cannot start "${command}" (${code})`, "the system is short of memory, processes or open files");
  return { kind: "not-executable", reason: code };
}
