import type { Surroundings } from "../../src/app/surroundings.ts";
import { loadKek } from "../../src/app/keys/open-vault.ts";
import { verifyTrail } from "../../src/app/auditing/verify-trail.ts";
import { readVault } from "../../src/store/vault-store.ts";
import { openSecrets } from "../../src/vault/envelope.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import { verifyVaultFile } from "../../src/vault/vault-file.ts";
import { closeEngine } from "./store-copies.ts";
import { testPaths } from "./test-store.ts";

/** What the application sees of a vault in `folder` whose key is at hand without asking. */
export function surroundingsOf(folder: string): Surroundings {
  return { paths: testPaths(folder), variables: {}, now: () => new Date(), findPassphrase: () => Promise.resolve(undefined), hasGivenPassphrase: false, showWork: (_label, work) => work(), showProgress: () => undefined, warn: () => undefined };
}

/** Everything in the vault, opened with the key that is at hand; undefined where there is no vault. */
export async function openedContents(folder: string): Promise<string | undefined> {
  const surroundings = surroundingsOf(folder);
  try {
    const file = await readVault(surroundings.paths);
    if (file === undefined) return undefined;
    const holder = holdKek(await loadKek(surroundings, file), file.contents.id);
    await verifyVaultFile(file, holder);
    const values = await openSecrets(holder, file.contents.id, file.contents.secrets);
    holder.close();
    return JSON.stringify(file.contents.secrets.map(({ name, hosts, version }, index) => [name, hosts, version, Buffer.from(values[index]?.reveal() ?? []).toString()]).sort());
  } finally {
    await closeEngine(surroundings.paths);
  }
}

/** @throws VaultError when the audit log is not whole. */
export async function requireWholeLog(folder: string): Promise<void> {
  const surroundings = surroundingsOf(folder);
  try {
    await verifyTrail(surroundings);
  } finally {
    await closeEngine(surroundings.paths);
  }
}
