// What a vault of thousands costs beside a small one, and what unlocking adds to its key derivation.
import { makeVault } from "../src/app/keys/make-vault.ts";
import { makeHomeIn } from "../test/support/home.ts";
import { addManySecrets } from "../test/support/many-secrets.ts";
import { costOf } from "./cost.ts";
import { costOfDerivation } from "./derivation.ts";
import type { Section } from "./figures.ts";
import { inTurns } from "./figures.ts";
import type { Installation } from "./installation.ts";
import { openInstallation, run } from "./installation.ts";

const COUNTS = [10, 1_000, 10_000];
const PASSPHRASE = { VAULT_PASSPHRASE: "correct horse battery staple" };

export async function measureScale(isQuick: boolean): Promise<Section[]> {
  const [rounds, times] = isQuick ? [2, 2] : [5, 3];
  const installation = openInstallation();
  try {
    const folders = new Map<number, string>();
    for (const count of COUNTS) folders.set(count, await makeVaultOf(installation, count));
    const commands = { "secrets list": ["secrets", "list"], "run -s NUMBER_7": ["run", "-s", "NUMBER_7", "--", "true"] };
    const sections: Section[] = [];
    for (const [what, args] of Object.entries(commands)) {
      const rows = await inTurns(rounds, Object.fromEntries([...folders].map(([count, folder]) => [nameOf(count), () => Promise.resolve(costOf(times, installation.vault(folder, args)))])), 1);
      sections.push({ title: `vault ${what}`, about: "The same command on vaults of these sizes.", better: "down", unit: "ms", references: [nameOf(10)], rows });
    }
    const rotation = await inTurns(isQuick ? 1 : 3, Object.fromEntries([...folders].map(([count, folder]) => [nameOf(count), () => Promise.resolve(costOf(1, installation.vault(folder, ["rotate-master"])))])));
    sections.push({ title: "vault rotate-master", about: "Every data key wrapped anew and read back, in one write.", better: "down", unit: "ms", references: [nameOf(10)], rows: rotation });
    return [...sections, await measureUnlock(installation, rounds)];
  } finally {
    installation.close();
  }
}

async function measureUnlock(installation: Installation, rounds: number): Promise<Section> {
  const folder = installation.makeVault("unlock", ["--provider", "passphrase"], PASSPHRASE);
  const rows = await inTurns(rounds, {
    "Argon2id alone": () => Promise.resolve(costOfDerivation("vault")),
    "Argon2id by libsodium": () => Promise.resolve(costOfDerivation("libsodium")),
    "vault unlock": () => {
      const cost = costOf(1, installation.vault(folder, ["unlock"], PASSPHRASE));
      run(installation.vault(folder, ["lock"]));
      return Promise.resolve(cost);
    },
  }, 1);
  const about = "The default cost (256 MiB, three passes): what deriving the key takes in a new process, without Node's own start, as `vault` does it and by a plain call of libsodium's; and the whole command, from the shell's prompt to the end, which also starts the agent.";
  return { title: "vault unlock", about, better: "down", unit: "ms", references: ["Argon2id alone"], rows };
}

async function makeVaultOf(installation: Installation, count: number): Promise<string> {
  const folder = installation.makeFolder(`of-${count}`);
  const { VAULT_DIR = "" } = installation.vault(folder, []).env;
  const { surroundings } = makeHomeIn(folder, { VAULT_DIR });
  await makeVault(surroundings, { provider: "file", path: undefined });
  await addManySecrets(surroundings, count);
  return folder;
}

function nameOf(count: number): string {
  return `${count.toLocaleString("en")} secrets`;
}
