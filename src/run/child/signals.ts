// Signals of a run: held while there is no child, passed on while there is one. This process ends when the child has, and not before.
import { closeSync, openSync } from "node:fs";
import type { GroupWitness, KeyboardSignal } from "./group-witness.ts";
import { openGroupWitness } from "./group-witness.ts";

/** SIGUSR1 is among them also because Node opens its inspector, to every local user, on one that nobody listens for. SIGTSTP and SIGCONT are not: by default the terminal stops and continues both of us. */
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;

export type ForwardedSignal = (typeof FORWARDED_SIGNALS)[number];

export interface HeldSignals {
  /** Hands over what has come so far and all that comes from now on. Called when the child is there. */
  deliverTo(receive: (signal: ForwardedSignal) => void): void;
  /** Gives the signals their usual effects back. */
  close(): void;
}

/**
 * Keeps the forwarded signals from ending this process, until `close()`.
 *
 * Ctrl-C and Ctrl-\ reach the child without us, since it is in our process group. Sent once more, many a program takes it for the impatient second Ctrl-C and quits without cleaning up:
 * npm and dotenv-cli do that to their children. system(3) and git ignore both keys instead, and lose a `kill -INT` meant for the child; tini and sudo move the child into a group
 * of its own, or ask the system for the sender, and Node can do neither. So, where there is a terminal, a witness tells which of the two it was. SIGHUP and SIGWINCH may reach the child twice: to hear either again says nothing new.
 * On Windows the console sends its events to every process, and what Node calls sending a signal ends the child at once: there nothing is passed on.
 */
export function holdSignals(): HeldSignals {
  const queue: ForwardedSignal[] = [];
  let receive: ((signal: ForwardedSignal) => void) | undefined;
  let witness: GroupWitness | undefined;

  const arrive = (signal: ForwardedSignal): void => {
    if (receive === undefined) queue.push(signal);
    else if (witness !== undefined && isKeyboardSignal(signal)) void passUnlessSeen(witness, signal, receive);
    else receive(signal);
  };
  const listeners = FORWARDED_SIGNALS.map((signal) => ({ signal, listener: () => { arrive(signal); } }));
  for (const { signal, listener } of listeners) process.on(signal, listener);

  return {
    deliverTo(receiver) {
      if (process.platform === "win32") return;
      receive = receiver;
      // These came before the child did, from whomever: it has had none of them.
      for (const signal of queue.splice(0)) receiver(signal);
      if (hasControllingTerminal()) witness = openGroupWitness();
    },
    close() {
      for (const { signal, listener } of listeners) process.off(signal, listener);
      witness?.close();
    },
  };
}

async function passUnlessSeen(witness: GroupWitness, signal: KeyboardSignal, receive: (signal: ForwardedSignal) => void): Promise<void> {
  if (!(await witness.saw(signal))) receive(signal);
}

function isKeyboardSignal(signal: ForwardedSignal): signal is KeyboardSignal {
  return signal === "SIGINT" || signal === "SIGQUIT";
}

/** tty(4): opening this fails for a process without a terminal that could send it signals, whatever its standard streams are. */
function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
