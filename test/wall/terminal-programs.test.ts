// Programs that own the terminal, behind the wall: an editor, a pager, and what asks how large it is.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import type { TestTerminal } from "../support/terminal.ts";
import { hasTerminals, openTerminal } from "../support/terminal.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const has = (program: string): boolean => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

describe.skipIf(!can.wall || !hasTerminals)("on a terminal behind the wall (needs bubblewrap and Python's pty)", { timeout: 60_000 }, () => {
  let stage: WallStage;
  beforeAll(async () => {
    stage = await openWallStage(false);
  }, 60_000);
  afterAll(() => stage.close());

  const open = (...command: string[]): TestTerminal => {
    const variables = Object.entries({ ...stage.variables, TERM: "xterm" }).map(([name, value]) => `${name}=${value}`);
    const terminal = openTerminal(["env", "-C", stage.project, ...variables, NODE, RUN_JS, "run", "--sandbox", "--", ...command]);
    onTestFinished(() => { terminal.close(); });
    return terminal;
  };

  test.skipIf(!has("vim"))("vim draws, stops at Ctrl-Z and goes on, and writes its file", async () => {
    const file = join(stage.project, "letter");
    writeFileSync(file, "dear reader\n");
    const terminal = open("vim", "-u", "NONE", "-N", "letter");
    await terminal.shows("dear reader");
    terminal.type("\x1a");
    await terminal.shows("<stopped SIGTSTP>");
    const before = terminal.shown().length;
    terminal.continueJob();
    await terminal.shows("dear reader", before);
    terminal.type("ggIhello \x1b:wq\r");
    await terminal.shows("<exited 0>");
    expect(readFileSync(file, "utf8")).toBe("hello dear reader\n");
  });

  test.skipIf(!has("less"))("less shows a page, is told of a new size, and takes Ctrl-C for itself", async () => {
    writeFileSync(join(stage.project, "long"), Array.from({ length: 500 }, (_, line) => `line-${line + 1}-of-it\n`).join(""));
    const terminal = open("less", "long");
    await terminal.shows("line-23-of-it");
    expect(terminal.shown()).not.toContain("line-24-of-it");
    terminal.resize(40, 100);
    await terminal.shows("line-39-of-it");
    expect(terminal.shown()).not.toContain("line-40-of-it");
    terminal.type("F");
    await terminal.shows("Waiting for data");
    // It goes back to asking what to do.
    const waiting = terminal.shown().length;
    terminal.type("\x03");
    await terminal.shows("\r", waiting);
    terminal.type("gg/line-400\r");
    await terminal.shows("line-410-of-it", waiting);
    terminal.type("q");
    await terminal.shows("<exited 0>");
  });

  test("a program knows its terminal's size, and is told when it changes", async () => {
    const terminal = open("bash", "-c", 'trap "stty size" WINCH; stty size; while :; do read -t 0.1 word && exit 7; done');
    await terminal.shows("24 80");
    terminal.resize(33, 77);
    await terminal.shows("33 77");
    terminal.type("end\r");
    await terminal.shows("<exited 7>");
  });
});
