import { lstatSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { askKeptPassword } from "../app/keys/store-password.ts";
import { engineFinder } from "../app/keys/vault-engine.ts";
import type { Surroundings } from "../app/surroundings.ts";
import type { VaultPaths } from "../paths.ts";
import { findPaths } from "../paths.ts";
import type { InputWays } from "./input/secret-input.ts";
import { findSecretInput, isGiven } from "./input/secret-input.ts";
import { showProgress, withSpinner } from "./output/spinner.ts";
import { warn } from "./output/terminal.ts";

/** The paths for this process's environment. @param folder what is to count as `VAULT_DIR`, in place of the variable. */
function findProcessPaths(folder?: string): VaultPaths {
  const variables = folder === undefined ? process.env : { ...process.env, VAULT_DIR: folder };
  return findPaths({ variables, home: homedir(), temporary: tmpdir(), cwd: process.cwd(), platform: process.platform, uid: process.getuid?.() ?? 0, sessionFolder: findSessionFolder(), findEngine: engineFinder(process.env, askKeptPassword) });
}

/**
 * The folder that systemd makes for a user who has logged in. Programs that pass on a few variables only, such as MCP hosts, do not pass on its name, and their children have to find the same agent as the user's shell.
 * With another HOME than the account's, one is not that user in that session.
 */
function findSessionFolder(): string | undefined {
  const uid = process.getuid?.();
  if (process.platform !== "linux" || uid === undefined || process.env["XDG_RUNTIME_DIR"] !== undefined) return undefined;
  const folder = `/run/user/${uid}`;
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  const isOwn = stat?.isDirectory() === true && stat.uid === uid && (stat.mode & 0o077) === 0;
  return isOwn && userInfo().homedir === homedir() ? folder : undefined;
}

/** The ways in for the vault's own passphrase. */
export function passphraseWays(file: string | undefined): InputWays {
  return { flag: "--passphrase", file, variable: "VAULT_PASSPHRASE", question: "Passphrase", isNew: false };
}

/** @param passphraseFile the value of `--passphrase-file`, if it was given. @param noInit whether `--no-init` was. */
export function makeSurroundings(passphraseFile: string | undefined, noInit = false): Surroundings {
  const ways = passphraseWays(passphraseFile);
  return {
    paths: findProcessPaths(),
    variables: process.env,
    now: () => new Date(),
    findPassphrase: () => findSecretInput(ways),
    passphraseFile,
    hasGivenPassphrase: isGiven(ways),
    makesVault: !noInit,
    showWork: withSpinner,
    showProgress,
    warn,
  };
}

/** The same, for the vault in another folder. */
export function surroundingsOf(surroundings: Surroundings, folder: string): Surroundings {
  return { ...surroundings, paths: findProcessPaths(folder) };
}
