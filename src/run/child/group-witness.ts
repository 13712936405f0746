// Tells whether a signal went to the whole process group, as Ctrl-C does, or to this process alone. The system knows the sender, but Node does not pass that on.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** Signals that a key of the terminal makes. */
export type KeyboardSignal = "SIGINT" | "SIGQUIT";

export interface GroupWitness {
  /** Whether the group was sent the signal that this process just had. With no witness left: yes, as system(3) takes it for granted. */
  saw(signal: KeyboardSignal): Promise<boolean>;
  close(): void;
}

/** How long after this process, or before it, the witness may be seen to die of the same signal. */
const WINDOW_MS = 300;
const POLL_MS = 5;

interface Death {
  readonly signal: NodeJS.Signals | null;
  readonly atMs: number;
}

/**
 * Starts a process in our group that does nothing but die: of a signal to the group, or when this process ends and its standard input closes.
 * A dead witness is replaced at once, for the next Ctrl-C.
 */
export function openGroupWitness(): GroupWitness {
  let isClosed = false;
  let death: Death | undefined;
  let witness = post();

  function post(): ChildProcess | undefined {
    const child = startWitness();
    child?.on("exit", (_status, signal) => {
      death = { signal, atMs: performance.now() };
      if (!isClosed && (signal === "SIGINT" || signal === "SIGQUIT")) witness = post();
    });
    return child;
  }

  return {
    async saw(signal) {
      const askedMs = performance.now();
      while (performance.now() - askedMs < WINDOW_MS) {
        if (death?.signal === signal && askedMs - death.atMs < WINDOW_MS) {
          // One death speaks for one signal.
          death = undefined;
          return true;
        }
        if (witness === undefined || !isAlive(witness)) return true;
        await sleep(POLL_MS);
      }
      return false;
    },
    close() {
      isClosed = true;
      witness?.stdin?.destroy();
      witness?.kill("SIGKILL");
    },
  };
}

/** Undefined where the system is short of processes or files. The environment of the run is none of the witness's business. */
function startWitness(): ChildProcess | undefined {
  try {
    // SIGQUIT would leave a core file, hence the limit.
    const child: ChildProcess = spawn("/bin/sh", ["-c", "ulimit -c 0; exec cat"], { env: { PATH: "/bin:/usr/bin:/run/current-system/sw/bin" }, cwd: "/", stdio: ["pipe", "ignore", "ignore"] });
    child.unref();
    child.stdin?.on("error", () => undefined);
    child.on("error", () => undefined);
    return child;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}
