import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { acceptDoubts, verifyTrail } from "../../../src/app/auditing/verify-trail.ts";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import type { RunTrail } from "../../../src/app/runs/run-trail.ts";
import { openRunTrail } from "../../../src/app/runs/run-trail.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { findRuns } from "../../../src/audit/runs.ts";
import { readLog } from "../../../src/audit/log.ts";
import { identifyThisProcess } from "../../../src/disk/process-identity.ts";
import { addSecret, makeVaultHome } from "../../support/home.ts";
import { refusalOf } from "../../support/refusal.ts";

const RUN = "0011223344556677";

/** A run of this process, or of another one, that has written so much. */
async function startRun(surroundings: Surroundings, uses: number, process?: Readonly<Record<string, string | number>>): Promise<RunTrail> {
  const trail = await withOpenVault(surroundings, (vault) => openRunTrail(surroundings, vault, RUN, { kind: "run.start", program: "sh" }, process));
  for (let use = 0; use < uses; use += 1) trail.enter({ kind: "secret.use", use });
  trail.flush();
  return trail;
}

const gone = { ...identifyThisProcess(), pid: 2 ** 22 + 7 };

describe("a run without an end", () => {
  test("goes on where its process does", async () => {
    const { surroundings } = await makeVaultHome("A");
    const trail = await startRun(surroundings, 2);
    expect(await verifyTrail(surroundings)).toMatchObject({ entries: 3, segments: 1, running: [{ id: RUN, program: "sh", entry: 3 }], doubts: [] });
    await trail.close({ kind: "run.end" });
    expect(await verifyTrail(surroundings)).toMatchObject({ entries: 4, running: [], doubts: [] });
  });

  test.each<[string, Readonly<Record<string, string | number>>, RegExp]>([
    ["its process has ended", gone, /does not run any more/],
    ["its pid is another process's by now", { ...identifyThisProcess(), start: "1" }, /does not run any more/],
    ["the machine was started anew", { ...identifyThisProcess(), boot: "another" }, /does not run any more/],
    ["it was started on another machine", { ...identifyThisProcess(), host: "elsewhere" }, /nobody here can see whether it goes on \(elsewhere\)/],
    ["nobody knows which process it was", { pid: "?" }, /which process it was is not known/],
  ])("is in doubt where %s", async (_what, process, why) => {
    const { surroundings } = await makeVaultHome("A");
    await startRun(surroundings, 2, process);
    expect(await verifyTrail(surroundings)).toMatchObject({ running: [], doubts: [{ entry: 3, run: { id: RUN, head: { sequence: 2 } }, why: expect.stringMatching(why) as string }] });
  });

  test("is settled by its owner, as far as its log goes then, and by nothing else", async () => {
    const { surroundings } = await makeVaultHome("A");
    await startRun(surroundings, 2, gone);
    expect(await refusalOf(() => acceptDoubts(surroundings, [3, 4]))).toBe("usage");
    expect((await verifyTrail(surroundings)).entries).toBe(3);
    expect(await acceptDoubts(surroundings, [3])).toMatchObject({ entries: 4, doubts: [] });
    const path = join(surroundings.paths.auditFolder, "runs", `${RUN}.jsonl`);
    writeFileSync(path, `${readFileSync(path, "utf8").split("\n")[0] ?? ""}\n`);
    await expect(verifyTrail(surroundings)).rejects.toMatchObject({ code: "audit-broken", message: expect.stringContaining("entries 2 to 2 are missing") as string });
  });
});

describe("the head file", () => {
  test("that is missing is a doubt, before and behind the next entry, until the owner has settled it", async () => {
    const { surroundings } = await makeVaultHome("A");
    rmSync(join(surroundings.paths.auditFolder, "head.json"));
    expect(await verifyTrail(surroundings)).toMatchObject({ doubts: [{ entry: 3, at: undefined }] });
    await addSecret(surroundings, "B");
    expect(await verifyTrail(surroundings)).toMatchObject({ entries: 4, doubts: [{ entry: 3, why: expect.stringContaining("lost before this entry") as string }] });
    expect((await acceptDoubts(surroundings, [3])).doubts).toEqual([]);
  });

  test("can be settled at once, too", async () => {
    const { surroundings } = await makeVaultHome("A");
    rmSync(join(surroundings.paths.auditFolder, "head.json"));
    expect(await acceptDoubts(surroundings, [3])).toMatchObject({ entries: 4, doubts: [] });
  });
});

test("a log of a run that nobody started is named", async () => {
  const { surroundings } = await makeVaultHome("A");
  await (await startRun(surroundings, 1)).close({ kind: "run.end" });
  const runs = join(surroundings.paths.auditFolder, "runs");
  copyFileSync(join(runs, `${RUN}.jsonl`), join(runs, "ff.jsonl"));
  await expect(verifyTrail(surroundings)).rejects.toMatchObject({ code: "audit-broken", message: "there is a log of run ff, and the audit log does not know of that run" });
});

test("a run whose id could lead to another file is none", async () => {
  const { surroundings } = await makeVaultHome();
  await withOpenVault(surroundings, (vault) => openRunTrail(surroundings, vault, "../../x", { kind: "run.start" }));
  expect(findRuns(readLog(surroundings.paths.auditFolder))).toEqual([]);
});
