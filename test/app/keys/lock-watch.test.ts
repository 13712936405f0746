import { expect, test } from "vitest";
import { realmOf } from "../../../src/agent/presence/presence.ts";
import { findPresent } from "../../../src/agent/presence/roll-call.ts";
import { lockVault } from "../../../src/app/keys/lock-vault.ts";
import { watchLock } from "../../../src/app/keys/lock-watch.ts";
import { makeHome } from "../../support/home.ts";

test("a lock has been heard by every run when it returns, whether the run asks or not", async () => {
  const { surroundings, warnings } = makeHome();
  for (let time = 0; time < 20; time += 1) {
    const watches = [watchLock(surroundings.paths), watchLock(surroundings.paths)];
    expect(watches.map(({ isRevoked }) => isRevoked())).toEqual([false, false]);
    expect(await lockVault(surroundings)).toEqual({ wasUnlocked: false, unreached: [] });
    expect(watches.map(({ isRevoked }) => isRevoked())).toEqual([true, true]);
    for (const watch of watches) watch.close();
  }
  expect(warnings).toEqual([]);
});

test("a lock of another vault is none, and neither is one from before", async () => {
  const [one, other] = [makeHome(), makeHome()];
  await lockVault(one.surroundings);
  const watch = watchLock(one.surroundings.paths);
  await lockVault(other.surroundings);
  expect(watch.isRevoked()).toBe(false);
  watch.close();
});

test.runIf(process.platform === "linux")("(needs Linux) a run is found while it lasts, and not once it is closed or locked", () => {
  const { paths } = makeHome().surroundings;
  const found = (): number[] => findPresent("run", realmOf(paths.dataFolder)).map(({ pid }) => pid);
  const watch = watchLock(paths);
  expect(found()).toEqual([process.pid]);
  watch.close();
  watch.close();
  expect(found()).toEqual([]);
});
