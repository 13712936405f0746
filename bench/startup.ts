// How long a user waits before the program that they asked for is started.
import { can } from "../test/support/machine.ts";
import { costOf } from "./cost.ts";
import type { Command } from "./cost.ts";
import type { Section } from "./figures.ts";
import { inTurns } from "./figures.ts";
import { openInstallation, run } from "./installation.ts";

const PASSPHRASE = { VAULT_PASSPHRASE: "correct horse battery staple" };
const TRUE = ["run", "--", "true"];
const BY_FILE = "vault run, key in a file";

export async function measureStartup(isQuick: boolean): Promise<Section[]> {
  const [rounds, times] = isQuick ? [3, 3] : [8, 4];
  const installation = openInstallation();
  // Another one: what is taken away there is not missed by the other rows.
  const fresh = openInstallation();
  try {
    const first = fresh.makeVault("file", ["--provider", "file"]);
    const byFile = installation.makeVault("file", ["--provider", "file"]);
    const byPassphrase = installation.makeVault("passphrase", ["--provider", "passphrase"], PASSPHRASE);
    const unlocked = installation.makeVault("unlocked", ["--provider", "passphrase", "--kdf", "low"], PASSPHRASE);
    run(installation.vault(unlocked, ["unlock"], PASSPHRASE));
    const { PATH } = process.env;
    const plain = (command: string, ...args: string[]): Command => ({ command, args, env: { PATH } });
    const commands: Record<string, Command> = {
      "node -e 0": plain(process.execPath, "-e", "0"),
      "sh -c true": plain("sh", "-c", "true"),
      "vault status": installation.vault(byFile, ["status"]),
      "vault secrets list": installation.vault(byFile, ["secrets", "list"]),
      "vault run, agent unlocked": installation.vault(unlocked, TRUE),
      [BY_FILE]: installation.vault(byFile, TRUE),
      ...(can.wall ? { "vault run --sandbox, key in a file": installation.vault(byFile, ["run", "--sandbox", "--", "true"]) } : {}),
    };
    try {
      const rows = await inTurns(rounds, {
        ...Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, () => Promise.resolve(costOf(times, command))])),
        "vault run, passphrase given (cold)": () => Promise.resolve(costOf(1, installation.vault(byPassphrase, TRUE, PASSPHRASE))),
        "vault run, first start after installing": () => {
          fresh.forgetCompiled();
          return Promise.resolve(costOf(1, fresh.vault(first, TRUE)));
        },
      }, 1);
      return [{ title: "Start-up", about: "`vault run -- true` and its like, from the shell's prompt to the end. The cold start derives a key with Argon2id at its default cost; the first start has nothing that V8 keeps compiled.", better: "down", unit: "ms", references: ["node -e 0", ...(can.wall ? [BY_FILE] : [])], rows }];
    } finally {
      run(installation.vault(unlocked, ["lock"]));
    }
  } finally {
    installation.close();
    fresh.close();
  }
}
