// A vault of 10,000 is used as quickly as one of 10: what a person waits for is the program, not the others' records.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { makeVault } from "../../src/app/make-vault.ts";
import { makeHomeIn } from "../support/home.ts";
import { addManySecrets } from "../support/many-secrets.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

const ROUNDS_MIN = 8;
const ROUNDS_MAX = 40;
/** On a quiet machine it is below 1.5. Beside other tests memory is slow, and this notices what reads or sorts all of them again. */
const RATIO_MAX = 2;

test.each([
  { what: "secrets list", args: ["secrets", "list"] },
  { what: "a run that uses one", args: ["run", "-s", "NUMBER_7", "--", NODE, "-e", "0"] },
])("$what does not take twice as long with 10,000 secrets as with 10", async ({ args }) => {
  const [few, many] = [await makeVaultOf(10), await makeVaultOf(10_000)];
  const times = { few: Infinity, many: Infinity };
  // The shortest of several, turn about: what else the machine does only ever adds. On a busy one it takes more of them.
  for (let round = 0; round < ROUNDS_MIN || (round < ROUNDS_MAX && times.many / times.few >= RATIO_MAX); round++) {
    times.few = Math.min(times.few, timeOf(args, few));
    times.many = Math.min(times.many, timeOf(args, many));
  }
  expect(times.many / times.few).toBeLessThan(RATIO_MAX);
}, 120_000);

/** @returns its folder. */
async function makeVaultOf(count: number): Promise<string> {
  const folder = makeFolder();
  const { surroundings } = makeHomeIn(folder, { VAULT_DIR: folder });
  await makeVault(surroundings, { provider: "file", path: undefined });
  await addManySecrets(surroundings, count);
  return folder;
}

function timeOf(args: readonly string[], folder: string): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env: { PATH: process.env["PATH"], VAULT_DIR: folder }, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  const time = performance.now() - start;
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return time;
}
