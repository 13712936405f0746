// Changes or reads the sample vault in a folder: `change FOLDER TIMES`, `read FOLDER` until it is told to stop, `create FOLDER`.
import { setTimeout as sleep } from "node:timers/promises";
import { VaultError } from "../../../src/errors.ts";
import { changeVault, readVault } from "../../../src/store/vault-store.ts";
import { verifyVaultFile } from "../../../src/vault/vault-file.ts";
import { countChange, createSampleVault, holdSampleKey, samplePaths } from "../sample-vault.ts";

const [act = "", folder = "", times = "1"] = process.argv.slice(2);
const holder = holdSampleKey();
const paths = samplePaths(folder);

async function read(): Promise<string> {
  const stop = new AbortController();
  process.stdin.once("data", () => { stop.abort(); });
  let generation = 0;
  let reads = 0;
  for (; !stop.signal.aborted; reads++) {
    const file = await readVault(paths);
    if (file === undefined) throw new Error("the vault was gone");
    await verifyVaultFile(file, holder);
    if (file.contents.generation < generation) throw new Error("an older vault was read");
    if (file.contents.audit.sequence !== file.contents.generation - 1) throw new Error("a change was lost");
    generation = file.contents.generation;
    await sleep(0);
  }
  return `read ${reads}`;
}

async function run(): Promise<string> {
  if (act === "read") return read();
  if (act === "create") {
    await createSampleVault(paths);
    return "done";
  }
  for (let time = 0; time < Number(times); time++) await changeVault(paths, holder, (contents) => Promise.resolve({ contents: countChange(contents) }));
  return "done";
}

run().then(
  (answer) => {
    console.log(answer);
    process.exit();
  },
  (error: unknown) => {
    console.log(error instanceof VaultError ? `${error.code}: ${error.message}` : String(error));
    process.exit(1);
  },
);
