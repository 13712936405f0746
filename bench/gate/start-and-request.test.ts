// The gate: what a start and a request cost, in processor time and as a ratio to bare Node, measured in the same minute. Far above what is recorded in bench/RESULTS.md means that something was made slow.
import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Contender } from "../contenders.ts";
import { openArena } from "../contenders.ts";
import { costOf } from "../cost.ts";
import { openInstallation } from "../installation.ts";
import { runLoad } from "../load.ts";
import { canWeigh } from "../../test/support/process-weight.ts";
import { NODE } from "../../test/support/program.ts";

const ROUNDS = 6;
/** Processor time is told in hundredths of a second: several starts make one measurement. */
const STARTS = 4;
/** Recorded: 3.4, and 1.8 for `vault status`. */
const START_MAX = 4.5;
const STATUS_MAX = 2.5;
/** Recorded: 1.2. */
const REQUEST_MAX = 1.8;

/** The least of several rounds, turn about: what else the machine does only ever adds, in processor time too. */
async function leastOf(measures: Readonly<Record<string, () => Promise<number>>>): Promise<Record<string, number>> {
  const least: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(measures)) least[name] = Math.min(least[name] ?? Infinity, await measure());
  }
  return least;
}

describe.skipIf(!canWeigh)("what it costs (weighed on Linux)", () => {
  test(`a start of vault run: at most ${START_MAX} times Node's own, and of vault status ${STATUS_MAX} times`, async () => {
    const installation = openInstallation();
    onTestFinished(() => { installation.close(); });
    const home = installation.makeVault("file", ["--provider", "file"]);
    const [run, status] = [installation.vault(home, ["run", "--", "true"]), installation.vault(home, ["status"])];
    const bare = { command: NODE, args: ["-e", "0"], env: run.env };
    for (const command of [run, status]) costOf(1, command);
    const { vault = NaN, asked = NaN, node = NaN } = await leastOf({ asked: () => Promise.resolve(costOf(STARTS, status)["CPU ms"]), node: () => Promise.resolve(costOf(STARTS, bare)["CPU ms"]), vault: () => Promise.resolve(costOf(STARTS, run)["CPU ms"]) });
    expect(vault / node).toBeLessThan(START_MAX);
    expect(asked / node).toBeLessThan(STATUS_MAX);
  }, 60_000);

  test(`a request with a secret, of a proxy in a clean environment: at most ${REQUEST_MAX} times that of the barest proxy`, async () => {
    vi.stubEnv("NODE_EXTRA_CA_CERTS", "/nowhere");
    onTestFinished(() => { vi.unstubAllEnvs(); });
    const arena = await openArena({ withPeers: false });
    onTestFinished(() => arena.close());
    // Measured is what was started clean, whatever the shell has.
    for (const pid of [arena.floor, arena.plain, arena.relay, arena.vault, arena.brokered, ...arena.walled].flatMap(({ pids }) => pids)) expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toContain("NODE_EXTRA_CA_CERTS");
    const costOfRequest = async (contender: Contender, seconds = 0.6): Promise<number> => {
      const { cpuSeconds, count } = await runLoad({ kind: "requests", bodyBytes: 0, connections: 16, warmSeconds: 0.2, seconds }, arena.bound, contender);
      return cpuSeconds / count;
    };
    for (const contender of [arena.floor, arena.vault]) await costOfRequest(contender, 2);
    const { vault = NaN, floor = NaN } = await leastOf({ floor: () => costOfRequest(arena.floor), vault: () => costOfRequest(arena.vault) });
    expect(vault / floor).toBeLessThan(REQUEST_MAX);
  }, 60_000);
});
