import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import type { TestTerminal } from "../support/terminal.ts";
import { hasTerminals, openTerminal } from "../support/terminal.ts";
import { expectStopAndGoOn, TICKING } from "../support/terminal-stop.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

describe.skipIf(!can.wall)("signals behind the wall (needs bubblewrap)", () => {
  let stage: WallStage;
  beforeAll(async () => {
    stage = await openWallStage(false);
    copyFileSync(fileURLToPath(new URL("../support/signal-counter.mjs", import.meta.url)), join(stage.project, "counter.mjs"));
  }, 60_000);
  afterAll(() => stage.close());

  const vaultRun = (...command: string[]): string[] => [RUN_JS, "run", "--sandbox", "--", ...command];

  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const)("%s for the run reaches the program once", async (signal) => {
    const child = spawn(NODE, vaultRun(NODE, "counter.mjs"), { cwd: stage.project, env: { ...stage.variables }, stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (!out.includes("ready") && (out + text).includes("ready")) child.kill(signal);
      out += text;
    });
    expect(await once(child, "close")).toEqual([40, null]);
    expect(out).toContain(`total {"${signal}":1}`);
  }, 60_000);

  test("a run that is killed takes all with it, whatever the program has started", async () => {
    const seconds = `${Math.floor(Math.random() * 1e6) + 1e6}.125`;
    const child = spawn(NODE, vaultRun("sh", "-c", `setsid sleep ${seconds} & echo ready; exec sleep ${seconds}`), { cwd: stage.project, env: { ...stage.variables }, stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    await eventually(() => countOf(seconds) === 2);
    child.kill("SIGKILL");
    await eventually(() => countOf(seconds) === 0);
  }, 60_000);

  test("what the program leaves behind ends with the run", async () => {
    const seconds = `${Math.floor(Math.random() * 1e6) + 1e6}.25`;
    expect((await stage.inside(`setsid sleep ${seconds} >/dev/null 2>&1 & exit 4`)).status).toBe(4);
    await eventually(() => countOf(seconds) === 0);
  }, 60_000);

  describe.skipIf(!hasTerminals)("on a terminal", () => {
    const open = (...command: string[]): TestTerminal => {
      const variables = Object.entries(stage.variables).map(([name, value]) => `${name}=${value}`);
      const terminal = openTerminal(["env", "-C", stage.project, ...variables, NODE, ...vaultRun(...command)]);
      onTestFinished(() => { terminal.close(); });
      return terminal;
    };

    test.each([["Ctrl-C", "\x03", "SIGINT"], ["Ctrl-\\", "\x1c", "SIGQUIT"]])("%s reaches the program once", async (_name, key, signal) => {
      const terminal = open(NODE, "counter.mjs");
      await terminal.shows("ready");
      terminal.type(key);
      await terminal.shows("<exited 40>");
      expect(terminal.shown()).toContain(`total {"${signal}":1}`);
    }, 60_000);

    test("Ctrl-Z stops all, and continuing continues all", async () => {
      await expectStopAndGoOn(open("sh", "-c", TICKING));
    }, 60_000);

    test("the program has the terminal, and cannot type for it", async () => {
      const push = "import fcntl,sys\ntry:\n fcntl.ioctl(0, 0x5412, b'x')\n print('typed')\nexcept OSError as e: print('refused', e.errno)";
      const terminal = open("sh", "-c", `test -t 0 && test -t 1 && test -t 2 && read line </dev/tty && echo got-$line; exec /usr/bin/python3 -c "${push}"`);
      terminal.type("hello\r");
      await terminal.shows("got-hello");
      await terminal.shows("refused 1");
      await terminal.shows("<exited 0>");
    }, 60_000);
  });
});

/** How many processes of this machine sleep for so long. */
function countOf(seconds: string): number {
  return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name) && commandOf(name) === `sleep\0${seconds}\0`).length;
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

async function eventually(isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error("it did not happen within 15 seconds");
    await sleep(10);
  }
}
