// `vault run --ask-here`: requests that wait are asked about at the run's own terminal, one after the other. The program gets another stdin, so that what is typed there is the person's.
import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import type { Answer, AskHere, WaitingRequest } from "../app/approvals/waiting.ts";
import { VaultError } from "../errors.ts";
import { openKeyPresses } from "./input/key-presses.ts";
import { makeYesWord, openTypedWord } from "./input/yes-word.ts";
import { askLine, hasTerminal, tellTerminal } from "./output/terminal.ts";
import { bodyLines, waitingLines } from "./output/waiting-lines.ts";

const WAIT_MS = 120_000;
const POLL_MS = 300;
/** A key that is pressed sooner was meant for something else. */
const HESITATION_MS = 400;
/** Of all words in a run. Beyond them it is nobody's mistyping any more. */
const WRONG_MAX = 3;
const keysLine = (word: string): string => `  ${word} (these letters) yes, this once · n no · w no, and why · b body · s leave it to vault approve`;
/** Where it is not 0, a program can type into its own terminal (TIOCSTI). Kernels before 6.2 have no such file, and let it. */
const TYPED_BY_PROGRAMS = "/proc/sys/dev/tty/legacy_tiocsti";

/**
 * @param isWalled behind the wall no program types into a terminal.
 * @throws VaultError `usage` where there is no terminal, or the program would use it too.
 */
export function openAskHere(isWalled: boolean): AskHere {
  if (!hasTerminal()) throw new VaultError("usage", "--ask-here asks at a terminal, and there is none", "leave it out, and answer from another terminal: vault approve");
  if (isatty(0)) throw new VaultError("usage", "--ask-here needs the terminal's keys for itself, and the program would read them too", "give the program another stdin: vault run --ask-here -- CMD </dev/null");
  if (!isWalled && mayTypeItself()) throw new VaultError("usage", "on this machine a program can type into its own terminal, and so answer for you", "run it with --sandbox; or leave --ask-here out, and answer from another terminal: vault approve");
  let last: Promise<unknown> = Promise.resolve();
  const tries = { wrong: 0 };
  return (notice, signal) => {
    const turn = last.then(() => (signal.aborted || tries.wrong >= WRONG_MAX ? undefined : askOne({ ...notice, isBodyKept: true, waitedMs: 0, leftMs: WAIT_MS }, signal, tries)));
    last = turn.catch(() => undefined);
    return turn;
  };
}

async function askOne(waiting: WaitingRequest, signal: AbortSignal, tries: { wrong: number }): Promise<Answer | undefined> {
  const keys = openKeyPresses();
  const word = makeYesWord();
  const typed = openTypedWord(word);
  const shownMs = performance.now();
  for (const line of ["", ...waitingLines(waiting), keysLine(word)]) tellTerminal(line);
  try {
    for (;;) {
      const key = await keys.next(POLL_MS);
      if (signal.aborted) return undefined;
      if (key === undefined || performance.now() - shownMs < HESITATION_MS) continue;
      switch (key) {
        case "n":
          return { kind: "deny", reason: "" };
        case "w":
          keys.pause();
          try {
            return { kind: "deny", reason: (await askLine("why not, for the program:")).slice(0, 500) };
          } finally {
            keys.resume();
          }
        case "b":
          for (const line of bodyLines(waiting)) tellTerminal(line);
          break;
        case "s":
          return undefined;
        case "ctrl-c":
          // In this mode the terminal makes no signal of it.
          process.kill(process.pid, "SIGINT");
          return undefined;
        case "y":
          tellTerminal(`  for yes, type ${word}`);
          break;
        default: {
          const taken = /^[a-z]+$/.test(key) ? typed.take(key) : "more";
          if (taken === "right") return { kind: "allow", extent: { kind: "once" } };
          if (taken === "more") break;
          tries.wrong += 1;
          tellTerminal(tries.wrong < WRONG_MAX ? `  those were other letters than ${word}; once more` : "  those were other letters again, which a program may have the terminal type: from now on nothing is asked here (vault approve, in another terminal)");
          if (tries.wrong >= WRONG_MAX) return undefined;
        }
      }
    }
  } finally {
    keys.close();
  }
}

function mayTypeItself(): boolean {
  if (process.platform !== "linux") return true;
  try {
    return readFileSync(TYPED_BY_PROGRAMS, "latin1").trim() !== "0";
  } catch {
    return true;
  }
}
