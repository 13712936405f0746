import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Entry } from "../../src/engines/engine.ts";
import { readStoreFile, storeFilePath, writeStoreFile } from "../../src/store/store-file.ts";
import { Disk, recordActs } from "../support/lost-writes.ts";
import { can } from "../support/machine.ts";
import { openedContents, requireWholeLog } from "../support/opened-contents.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { entriesAt, putEntries } from "../support/store-copies.ts";
import { openPlace } from "../support/store-machines.ts";
import { makeFolder } from "../support/temporary.ts";
import { closeTestStore, freshPlace, initOptions, openTestStore, storeVariables, TEST_STORE } from "../support/test-store.ts";

const CHANGES: readonly (readonly [name: string, args: readonly string[], input: string])[] = [
  ["init", ["init", "--provider", "file"], ""],
  ["secrets create", ["secrets", "create", "NEW", "--host", "a.example"], "new value"],
  ["secrets update", ["secrets", "update", "A", "--host", "b.example"], ""],
  ["secrets rotate", ["secrets", "rotate", "A"], "next value"],
  ["secrets delete", ["secrets", "delete", "A"], ""],
  ["rotate-master", ["rotate-master"], ""],
];
/** Of some thousands that there can be: drawn in the same way each time, and more of them in the soak. */
const STATES_OF_EACH = process.env["VAULT_SOAK"] === undefined ? (TEST_STORE === undefined ? 140 : 70) : 1000;

/** The same numbers in every run (mulberry32). */
function makeDraw(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Puts these entries into a fresh place, and has the vault in a folder be there. */
async function moveTo(folder: string, entries: readonly Entry[]): Promise<void> {
  const [place, file] = [freshPlace(), readStoreFile(folder)];
  if (place === undefined || file === undefined) return;
  const engine = await openPlace(place);
  await putEntries(engine, entries);
  await engine.close();
  writeStoreFile(folder, { ...file, store: place.url });
}

beforeAll(openTestStore);
afterAll(closeTestStore);

describe.skipIf(!can.strace)(`power cuts${TEST_STORE === undefined ? "" : `, on ${TEST_STORE}`} (needs strace)`, () => {
  it.each(CHANGES)("%s: whatever was not flushed may be lost, and the vault is the old or the new one, with its key", async (name, args, input) => {
    const folder = join(makeFolder(), "vault");
    const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: folder, ...storeVariables() };
    const place = freshPlace();
    if (name !== "init") {
      spawnSync(NODE, [RUN_JS, "init", "--provider", "file", ...initOptions(place)], { env });
      spawnSync(NODE, [RUN_JS, "secrets", "create", "A", "--host", "a.example"], { env, input: "value of A" });
    } else mkdirSync(folder, { mode: 0o700 });
    const original = join(makeFolder(), "vault");
    cpSync(folder, original, { recursive: true });
    const before = await openedContents(folder);
    const stored = await entriesAt(place);
    const acts = recordActs([NODE, RUN_JS, ...args, ...(name === "init" ? initOptions(place) : [])], { env, input, folder });
    const after = await openedContents(folder);
    // The line of the log is in the store before it is here, and so is the vault: what comes first behind that is the lock of the copy.
    const storedThen = await entriesAt(place);
    const logged = [...stored, ...storedThen.filter((entry) => entry.name.startsWith("log/") && !stored.some((one) => one.name === entry.name))];
    const published = acts.findIndex((act) => act.kind === "create" && act.path.includes("copy.lock"));
    expect(published).toBeGreaterThan(TEST_STORE === undefined ? -2 : 0);
    expect(acts.length).toBeGreaterThan(20);

    const draw = makeDraw(name.length);
    const seen = new Set<string | undefined>();
    for (let state = 0; state < STATES_OF_EACH; state += 1) {
      const disk = new Disk(original, folder);
      const moment = draw(acts.length + 1);
      for (const act of acts.slice(0, moment)) disk.do(act);
      const left = join(makeFolder(), "vault");
      disk.crashInto(left, draw);
      if (existsSync(storeFilePath(left))) await moveTo(left, moment > published || (moment === published && draw(2) === 1) ? storedThen : logged);
      const now = await openedContents(left);
      expect([before, after], `state ${state}, cut after act ${moment}`).toContain(now);
      if (now !== undefined) await requireWholeLog(left);
      seen.add(now);
      rmSync(left, { recursive: true, force: true });
    }
    // The cuts really fell on both sides.
    expect(seen.size).toBe(before === after ? 1 : 2);
  }, 600_000);
});
