// The gate: what a wall adds to a start, and how soon it is said that there can be none. In processor time and by the clock, as ratios to a start, and to a refusal, that has nothing to do with walls.
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Command } from "../cost.ts";
import { costOf } from "../cost.ts";
import type { Installation } from "../installation.ts";
import { openInstallation } from "../installation.ts";
import { can } from "../../test/support/machine.ts";
import { canWeigh } from "../../test/support/process-weight.ts";

const ROUNDS = 6;
/** Processor time is told in hundredths of a second: several starts make one measurement. */
const STARTS = 4;
/** Recorded: 1.5, of both. */
const START_MAX = 2;
/** Recorded: 1.0 to 1.2. */
const REFUSAL_MAX = 1.5;

interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/** The least of several rounds, turn about: what else the machine does only ever adds. */
function leastOf<Name extends string>(commands: Readonly<Record<Name, Command>>): Readonly<Record<Name, Cost>> {
  const names = Object.keys(commands) as Name[];
  for (const name of names) costOf(1, commands[name]);
  const least = Object.fromEntries(names.map((name) => [name, { cpu: Infinity, wall: Infinity }])) as Record<Name, Cost>;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) {
      const cost = costOf(STARTS, commands[name]);
      least[name] = { cpu: Math.min(least[name].cpu, cost["CPU ms"]), wall: Math.min(least[name].wall, cost["wall ms"]) };
    }
  }
  return least;
}

function install(): { readonly installation: Installation; readonly vault: string } {
  const installation = openInstallation();
  onTestFinished(() => { installation.close(); });
  return { installation, vault: installation.makeVault("file", ["--provider", "file"]) };
}

describe.skipIf(!canWeigh || !can.wall)("what a wall costs (weighed on Linux, needs bubblewrap)", () => {
  test(`a start behind it: at most ${START_MAX} times one without`, () => {
    const { installation, vault } = install();
    const { plain, walled } = leastOf({ plain: installation.vault(vault, ["run", "--", "true"]), walled: installation.vault(vault, ["run", "--sandbox", "--", "true"]) });
    expect(walled.cpu / plain.cpu).toBeLessThan(START_MAX);
    expect(walled.wall / plain.wall).toBeLessThan(START_MAX);
  }, 120_000);

  const FORBID = ["/usr/bin/unshare", "-U", "-r", "/bin/sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "sh"];
  const OBSTACLES: Readonly<Record<string, { readonly prepare?: (file: string) => void; readonly around?: readonly string[] }>> = {
    "bubblewrap is missing": {},
    "bubblewrap is too old": { prepare: (file) => { writeFileSync(file, '#!/bin/sh\n[ "$1" != --version ] || { echo bubblewrap 0.4.1; exit; }\nexec /usr/bin/bwrap "$@"\n', { mode: 0o755 }); } },
    "bubblewrap is setuid": {
      prepare: (file) => {
        copyFileSync("/usr/bin/bwrap", file);
        chmodSync(file, 0o4755);
      },
    },
    "user namespaces are forbidden": { prepare: (file) => { symlinkSync("/usr/bin/bwrap", file); }, around: FORBID },
  };
  test.each(Object.entries(OBSTACLES))(`that there is none, since %s: at most ${REFUSAL_MAX} times another refusal`, (_, { prepare, around = [] }) => {
    const { installation, vault } = install();
    const bin = join(vault, "bin");
    mkdirSync(bin);
    prepare?.(join(bin, "bwrap"));
    const refused = (args: readonly string[], variables: Readonly<Record<string, string>>): Command => {
      const { command, args: words, env } = installation.vault(vault, ["run", ...args, "--", "true"], variables);
      const [first = command, ...others] = [...around, command, ...words];
      return { command: first, args: others, env, status: 125 };
    };
    const { other, wall } = leastOf({ other: refused([], { PATH: bin, HTTPS_PROXY: "no proxy" }), wall: refused(["--sandbox"], { PATH: bin }) });
    expect(wall.cpu / other.cpu).toBeLessThan(REFUSAL_MAX);
    expect(wall.wall / other.wall).toBeLessThan(REFUSAL_MAX);
  }, 120_000);
});
