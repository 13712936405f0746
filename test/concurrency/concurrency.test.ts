// Many processes at one vault, through the program as it is shipped.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyTrail } from "../../src/app/auditing/verify-trail.ts";
import { withOpenVault } from "../../src/app/keys/open-vault.ts";
import { readVault } from "../../src/store/vault-store.ts";
import { openSecrets } from "../../src/vault/envelope.ts";
import { cases } from "../support/cases.ts";
import { addSecret, makeVaultHome } from "../support/home.ts";
import type { Said } from "../support/started-program.ts";
import { startVault } from "../support/started-program.ts";
import { makeFolder } from "../support/temporary.ts";
import { closeTestStore, freshPlace, initOptions, openTestStore, storeVariables, TEST_STORE, testPaths } from "../support/test-store.ts";
import type { WorkerScript } from "../support/workers.ts";
import { bundleWorker } from "../support/workers.ts";

/** Of each writer: as many as ever on a store and in the soak. */
const UPDATES = TEST_STORE === undefined ? cases(20, 50) : 50;

function vaultIn(folder: string): (args: readonly string[], input?: string) => Promise<Said> {
  const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault"), ...storeVariables() };
  return (args, input = "") => startVault(args, { env, input });
}

/** One vault, on so many folders that stand for machines; with files, one folder. The key is a file that all of them see. */
async function makeMachines(count: number): Promise<readonly string[]> {
  const [place, key] = [freshPlace(), join(makeFolder(), "kek.key")];
  const folders = Array.from({ length: place === undefined ? 1 : count }, () => makeFolder());
  for (const [index, folder] of folders.entries()) {
    const provider = index === 0 ? ["--provider", "file", "--file-path", key] : [];
    expect(await vaultIn(folder)(["init", ...initOptions(place), ...provider])).toMatchObject({ status: 0 });
  }
  return folders;
}

describe(`many processes at one vault${TEST_STORE === undefined ? "" : ` on ${TEST_STORE}`}`, () => {
  let script: WorkerScript;
  beforeAll(async () => {
    await openTestStore();
    script = await bundleWorker("update");
  });
  afterAll(async () => {
    script.close();
    await closeTestStore();
  });

  it("16 that create a secret at once: all 16 are there", async () => {
    const machines = (await makeMachines(3)).map(vaultIn);
    const vault = machines[0] ?? vaultIn("");
    const names = Array.from({ length: 16 }, (_, index) => `S${index}`);
    const said = await Promise.all(names.map((name, index) => (machines[index % machines.length] ?? vault)(["secrets", "create", name, "--host", "a.example"], `value of ${name}`)));
    expect(said.map(({ status, err }) => `${String(status)} ${err}`)).toEqual(names.map(() => "0 "));
    for (const machine of machines) {
      const listed = JSON.parse((await machine(["secrets", "list", "--json"])).out) as { secrets: { name: string }[] };
      expect(listed.secrets.map(({ name }) => name).sort()).toEqual([...names].sort());
      expect((await machine(["doctor"])).status).toBe(0);
    }
  }, 120_000);

  it(`8 writers × ${UPDATES} updates and rotations among them, a reader meanwhile: each of them is there, no torn read, nothing orphaned`, async () => {
    const folders = (await makeMachines(3)).map((folder) => join(folder, "vault"));
    const folderOf = (index: number): string => folders[index % folders.length] ?? "";
    const { surroundings } = await makeVaultHome();
    const paths = testPaths(folderOf(0));
    const here = { ...surroundings, paths };
    for (let writer = 0; writer < 8; writer += 1) await addSecret(here, `W${writer}`);
    const updating = Array.from({ length: 8 }, (_, writer) => script.run(["update", folderOf(writer), `W${writer}`, String(UPDATES)]));
    const rotating = script.run(["rotate", folderOf(1), "5"]);
    const done = new AbortController();
    let reads = 0;
    const reading = (async () => {
      for (; !done.signal.aborted; reads += 1) {
        expect((await readVault(paths))?.contents.secrets).toHaveLength(8);
        await sleep(1);
      }
    })();
    const said = await Promise.all([...updating, rotating]);
    done.abort();
    await reading;
    expect(said).toEqual(Array(9).fill(["done"]));
    expect(reads).toBeGreaterThan(50);
    await withOpenVault(here, async ({ file, holder }) => {
      expect(file.contents.secrets.map(({ hosts }) => hosts.filter((host) => host.startsWith("h")).length)).toEqual(Array(8).fill(UPDATES));
      // The updates, 5 rotations, 8 secrets, and the making.
      expect(file.contents.generation).toBe(1 + 8 + 8 * UPDATES + 5);
      expect(await openSecrets(holder, file.contents.id, file.contents.secrets)).toHaveLength(8);
    });
    for (const folder of folders) expect(await verifyTrail({ ...surroundings, paths: testPaths(folder) })).toMatchObject({ doubts: [] });
  }, 600_000);

  it("reading leaves the file's hash as it was", async () => {
    const [folder = ""] = await makeMachines(1);
    const vault = vaultIn(folder);
    await vault(["secrets", "create", "A", "--host", "a.example"], "v");
    const hash = (): string => createHash("sha256").update(readFileSync(join(folder, "vault", "vault.json"))).digest("hex");
    const before = hash();
    for (const args of [["status"], ["secrets", "list"], ["secrets", "show", "A"], ["audit"], ["audit", "--verify"], ["doctor"], ["run", "--", "true"]]) expect((await vault(args)).status).toBe(0);
    expect(hash()).toBe(before);
  }, 60_000);
});
