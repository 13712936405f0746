// A vault of 10,000 is used nearly as quickly as one of 10: what a person waits for is the program, not the others' records.
import { describe, expect, test } from "vitest";
import { costOf } from "../cost.ts";
import { makeVault } from "../../src/app/keys/make-vault.ts";
import { makeHomeIn } from "../../test/support/home.ts";
import { addManySecrets } from "../../test/support/many-secrets.ts";
import { canWeigh } from "../../test/support/process-weight.ts";
import { NODE, RUN_JS } from "../../test/support/program.ts";
import { makeFolder } from "../../test/support/temporary.ts";

const ROUNDS = 6;
/** Processor time is told in hundredths of a second: several starts make one measurement. */
const STARTS = 3;

describe.skipIf(!canWeigh)("10,000 secrets (weighed on Linux)", () => {
  // Recorded: 3.7 and 0.5. A list has looked at every part of every record, since whoever lists may have no key to check the file by; a run waits for one record alone.
  test.each([
    { what: "secrets list", args: ["secrets", "list"], most: 7 },
    { what: "a run that uses one", args: ["run", "-s", "NUMBER_7", "--", "true"], most: 1.2 },
  ])("cost $what at most $most starts of Node more than 10 do", async ({ args, most }) => {
    const [few, many] = [await makeVaultOf(10), await makeVaultOf(10_000)];
    const least = { node: Infinity, few: Infinity, many: Infinity };
    // The least of several rounds, turn about: what else the machine does only ever adds.
    for (let round = 0; round < ROUNDS; round += 1) {
      least.node = Math.min(least.node, cpuOf(few, "-e", "0"));
      least.few = Math.min(least.few, cpuOf(few, RUN_JS, ...args));
      least.many = Math.min(least.many, cpuOf(many, RUN_JS, ...args));
    }
    expect((least.many - least.few) / least.node).toBeLessThan(most);
  }, 120_000);
});

/** @returns its folder. */
async function makeVaultOf(count: number): Promise<string> {
  const folder = makeFolder();
  const { surroundings } = makeHomeIn(folder, { VAULT_DIR: folder });
  await makeVault(surroundings, { provider: "file", path: undefined });
  await addManySecrets(surroundings, count);
  return folder;
}

function cpuOf(folder: string, ...args: readonly string[]): number {
  return costOf(STARTS, { command: NODE, args, env: { PATH: process.env["PATH"], VAULT_DIR: folder } })["CPU ms"];
}
