import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spawnSync } from "node:child_process";
import { can } from "../support/machine.ts";
import { openedContents } from "../support/opened-contents.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { copyVault } from "../support/store-copies.ts";
import { distinctMoments, faultAt, listMoments, runWithFault } from "../support/system-calls.ts";
import { makeFolder } from "../support/temporary.ts";
import { closeTestStore, freshPlace, initOptions, openTestStore, storeVariables, TEST_STORE } from "../support/test-store.ts";

interface Change {
  readonly args: readonly string[];
  readonly input?: string;
  /** The vault before it: without, the change makes the vault. */
  readonly isNew?: boolean;
}

const CHANGES: Readonly<Record<string, Change>> = {
  "init": { args: ["init", "--provider", "file"], isNew: true },
  "secrets create": { args: ["secrets", "create", "NEW", "--host", "a.example"], input: "new value" },
  "secrets update": { args: ["secrets", "update", "A", "--host", "b.example"] },
  "secrets rotate": { args: ["secrets", "rotate", "A"], input: "next value" },
  "secrets delete": { args: ["secrets", "delete", "A"] },
  "secrets import": {
    args: ["secrets", "import", "-", "--host", "OTHER=a.example"],
    input: "OPENAI_API_KEY=sk-proj-0123456789abcdef0123456789abcdef\nGITHUB_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345\nOTHER=value of OTHER\n",
  },
  "rotate-master (file)": { args: ["rotate-master"] },
};

/** SIGKILL at moments that leave other files than the next one in every test run; in the soak at each of them, failing disks at each, and the same command again after each. */
const IS_SOAK = process.env["VAULT_SOAK"] !== undefined;
const FAULTS = IS_SOAK ? ["SIGKILL", "ENOSPC", "EIO", "EROFS", "EACCES"] : ["SIGKILL"];
const AGAIN_EVERY = IS_SOAK ? 1 : 4;
/** One moment of so many, beginning elsewhere with each change: they write in the same way. On a store there are more, and each takes longer. */
const STRIDE = IS_SOAK ? 1 : TEST_STORE === undefined ? 2 : 4;

function environment(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: folder, ...storeVariables() };
}

interface Prepared {
  readonly folder: string;
  readonly command: readonly string[];
}

describe.skipIf(!can.strace)(`changes under fault injection${TEST_STORE === undefined ? "" : ` on ${TEST_STORE}`} (needs strace)`, () => {
  let parent = "";
  beforeAll(async () => {
    await openTestStore();
    parent = mkdtempSync(join(tmpdir(), "vault-test-"));
    const env = environment(join(parent, "vault"));
    spawnSync(NODE, [RUN_JS, "init", "--provider", "file", ...initOptions(freshPlace())], { env });
    for (const name of ["A", "B"]) spawnSync(NODE, [RUN_JS, "secrets", "create", name, "--host", "a.example"], { env, input: `value of ${name}` });
  });
  afterAll(async () => {
    rmSync(parent, { recursive: true, force: true });
    await closeTestStore();
  });

  async function prepare(change: Change): Promise<Prepared> {
    const folder = join(makeFolder(), "vault");
    if (change.isNew !== true) await copyVault(join(parent, "vault"), folder);
    return { folder, command: [NODE, RUN_JS, ...change.args, ...(change.isNew === true ? initOptions(freshPlace()) : [])] };
  }

  for (const [at, [name, change]] of Object.entries(CHANGES).entries()) {
    const input = change.input === undefined ? {} : { input: change.input };
    for (const fault of FAULTS) {
      it(`${name}: old or new, and it opens, at one ${fault} after another`, async () => {
        const traced = await prepare(change);
        const before = await openedContents(traced.folder);
        const moments = listMoments(traced.command, { env: environment(traced.folder), under: traced.folder, ...input });
        const after = await openedContents(traced.folder);
        expect(moments.length).toBeGreaterThan(10);
        for (const [index, moment] of distinctMoments(moments, fault).filter((_, number) => number % STRIDE === at % STRIDE).entries()) {
          const where = `${faultAt(moment, fault)} at ${moment.call} ${moment.nth}`;
          const { folder, command } = await prepare(change);
          const { status } = runWithFault(command, moment, faultAt(moment, fault), { env: environment(folder), ...input });
          const now = await openedContents(folder);
          expect([before, after], where).toContain(now);
          if (now === before && before !== after) expect(status, where).not.toBe(0);
          if (index % AGAIN_EVERY !== 0) continue;
          // Afterwards the vault is as good as any: the same command works, or says that it was done already.
          const again = spawnSync(command[0] ?? "", command.slice(1), { env: environment(folder), ...input });
          expect([0, 7, 8], `${where}, then again: ${again.stderr.toString()}`).toContain(again.status);
          const doctor = spawnSync(NODE, [RUN_JS, "doctor"], { env: environment(folder), encoding: "utf8" });
          expect(doctor.status, `${where}, then doctor: ${doctor.stdout}`).toBe(0);
        }
      }, 600_000);
    }
  }
});
