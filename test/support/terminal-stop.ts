import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { TestTerminal } from "./terminal.ts";

/** A program of the shell's that shows that it runs. */
export const TICKING = "while :; do echo tick; sleep 0.05; done";

/** Ctrl-Z stops all of a job that shows ticks, and continuing it continues all. Ctrl-C ends it. */
export async function expectStopAndGoOn(terminal: TestTerminal): Promise<void> {
  await terminal.shows("tick");
  terminal.type("\x1a");
  await terminal.shows("<stopped SIGTSTP>");
  await sleep(100);
  const stopped = terminal.shown();
  await sleep(300);
  expect(terminal.shown()).toBe(stopped);
  terminal.continueJob();
  await terminal.shows("tick", stopped.length);
  terminal.type("\x03");
  await terminal.shows("<exited 130>");
}
