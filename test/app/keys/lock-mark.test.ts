import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { changeLockMark, LOCK_SEEN_MS, watchLockMark } from "../../../src/app/keys/lock-mark.ts";
import { makeFolder } from "../../support/temporary.ts";

test("a changed mark is seen when the time is over that whoever changes it waits, and for good", async () => {
  const path = join(makeFolder(), "run", "lock");
  for (const isThere of [false, true]) {
    if (isThere) changeLockMark(path);
    const isRevoked = watchLockMark(path);
    expect(isRevoked()).toBe(false);
    changeLockMark(path);
    await sleep(LOCK_SEEN_MS + 1);
    expect([isRevoked(), isRevoked()]).toEqual([true, true]);
  }
});
