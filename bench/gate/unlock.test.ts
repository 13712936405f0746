// The gate: unlocking costs the key derivation and little more, in processor time, both in processes that are new.
import { expect, onTestFinished, test } from "vitest";
import { costOf } from "../cost.ts";
import { costOfDerivation } from "../derivation.ts";
import { openInstallation, run } from "../installation.ts";
import { canWeigh } from "../../test/support/process-weight.ts";

const ROUNDS = 5;
/** Recorded: 1.07. */
const MOST = 1.15;
const PASSPHRASE = { VAULT_PASSPHRASE: "correct horse battery staple" };

test.skipIf(!canWeigh)(`an unlock: at most ${MOST} times the derivation of its key (weighed on Linux)`, () => {
  const installation = openInstallation();
  onTestFinished(() => { installation.close(); });
  const folder = installation.makeVault("unlock", ["--provider", "passphrase"], PASSPHRASE);
  const [unlock, lock] = [installation.vault(folder, ["unlock"], PASSPHRASE), installation.vault(folder, ["lock"])];
  const least = { derivation: Infinity, unlock: Infinity };
  // The least of several rounds, turn about: what else the machine does only ever adds.
  for (let round = 0; round < ROUNDS; round += 1) {
    least.derivation = Math.min(least.derivation, costOfDerivation("vault")["CPU ms"]);
    least.unlock = Math.min(least.unlock, costOf(1, unlock)["CPU ms"]);
    run(lock);
  }
  expect(least.unlock / least.derivation).toBeLessThan(MOST);
}, 120_000);
