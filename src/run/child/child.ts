// The child of a run. The only file that knows execa.
import { once } from "node:events";
import { execa } from "execa";
import { VaultError } from "../../errors.ts";
import type { ChildOutputs, OutputRewrite } from "./child-outputs.ts";
import type { ExitOutcome } from "./exit-outcome.ts";
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
  readonly rewritten?: RewrittenOutputs;
}

export interface RewrittenOutputs {
  /** Whoever opened them closes them. */
  readonly outputs: ChildOutputs;
  readonly rewrite: OutputRewrite;
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

async function runChild({ command, args, environment, rewritten }: ChildOptions, signals: HeldSignals): Promise<ExitOutcome> {
  const child = execa(command, args, {
    env: environment,
    extendEnv: false,
    stdin: "inherit",
    stdout: rewritten?.outputs.stdout ?? "inherit",
    stderr: rewritten?.outputs.stderr ?? "inherit",
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
  const relay = rewritten === undefined || child.pid === undefined ? undefined : rewritten.outputs.relay(child, rewritten.rewrite);
  // Starting is synchronous, so that a signal from before this line is delivered by it. One for a child that has ended goes nowhere.
  signals.deliverTo((signal) => { child.kill(signal); });
  if (relay !== undefined) {
    await once(child, "exit");
    await relay.finish();
  }
  const { exitCode, signal, code } = await child;
  if (signal !== undefined) return { kind: "signalled", signal };
  if (exitCode !== undefined) return { kind: "exited", status: exitCode };
  return judgeStart(command, code ?? "unknown error");
}

function judgeStart(command: string, code: string): ExitOutcome {
  if (code === "ENOENT") return { kind: "not-found" };
  if (NO_PROCESS.has(code)) throw new VaultError("io", `cannot start "${command}" (${code})`, "the system is short of memory, processes or open files");
  return { kind: "not-executable", reason: code };
}
