import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spawnSync } from "node:child_process";
import { can } from "../support/machine.ts";
import { openedContents } from "../support/opened-contents.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { distinctMoments, listMoments, runWithFault } from "../support/system-calls.ts";
import { makeFolder } from "../support/temporary.ts";

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

/** SIGKILL at each moment that leaves other files than the next one in every test run; failing disks at each, and the same command again after each, in the soak. */
const IS_SOAK = process.env["VAULT_SOAK"] !== undefined;
const FAULTS = IS_SOAK ? ["SIGKILL", "ENOSPC", "EIO", "EROFS", "EACCES"] : ["SIGKILL"];
const AGAIN_EVERY = IS_SOAK ? 1 : 5;

function environment(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: folder };
}

describe.skipIf(!can.strace)("changes under fault injection (needs strace)", () => {
  let parent = "";
  beforeAll(() => {
    parent = mkdtempSync(join(tmpdir(), "vault-test-"));
    const env = environment(join(parent, "vault"));
    spawnSync(NODE, [RUN_JS, "init", "--provider", "file"], { env });
    for (const name of ["A", "B"]) spawnSync(NODE, [RUN_JS, "secrets", "create", name, "--host", "a.example"], { env, input: `value of ${name}` });
  });
  afterAll(() => { rmSync(parent, { recursive: true, force: true }); });

  function prepare(change: Change): string {
    const folder = join(makeFolder(), "vault");
    if (change.isNew !== true) cpSync(join(parent, "vault"), folder, { recursive: true, preserveTimestamps: true });
    return folder;
  }

  for (const [name, change] of Object.entries(CHANGES)) {
    const command = [NODE, RUN_JS, ...change.args];
    for (const fault of FAULTS) {
      it(`${name}: old or new, and it opens, at every ${fault}`, async () => {
        const traced = prepare(change);
        const before = await openedContents(traced);
        const moments = listMoments(command, { env: environment(traced), under: traced, ...(change.input === undefined ? {} : { input: change.input }) });
        const after = await openedContents(traced);
        expect(moments.length).toBeGreaterThan(10);
        for (const [index, moment] of distinctMoments(moments, fault).entries()) {
          const where = `${fault} at ${moment.call} ${moment.nth}`;
          const folder = prepare(change);
          const input = change.input === undefined ? {} : { input: change.input };
          const { status } = runWithFault(command, moment, fault, { env: environment(folder), ...input });
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
