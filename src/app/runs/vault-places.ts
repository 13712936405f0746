// Where vaults of this user's may be on this machine, whichever of them the variables of this process name: the wall hides them all.
import { readFileSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { readBounded } from "../../disk/bounded-file.ts";
import { resolveKeyFile } from "../../keys/key-file.ts";
import type { VaultPaths } from "../../paths.ts";
import { findPaths } from "../../paths.ts";
import { FILE_BYTES_MAX, parseVaultFile } from "../../vault/vault-file.ts";
import { find } from "../../wall/files/disk-view.ts";
import { parsePathSockets } from "../../wall/files/path-sockets.ts";
import type { Surroundings } from "../surroundings.ts";

/** Whether they exist or not. */
interface VaultPlaces {
  readonly folders: readonly string[];
  readonly keyFiles: readonly string[];
}

/** With `VAULT_DIR`, an agent's socket has this name in the vault's folder. */
const SOCKET_OF_VAULT = /^(\/.+)\/run\/agent\.sock$/;

/**
 * Those of the vault in use, of the one that the XDG variables name, of the one in the home folder, and of those whose agents run.
 *
 * @param keyFile of the vault in use, as its file names it. Undefined: that is looked for.
 */
export function listVaultPlaces(surroundings: Pick<Surroundings, "paths" | "variables" | "passphraseFile">, keyFile: string | undefined): VaultPlaces {
  const { paths, variables, passphraseFile } = surroundings;
  const all = [paths, ...listOthers(variables)];
  return {
    folders: unique(all.flatMap(foldersOf)),
    keyFiles: unique([
      ...all.map((one) => one.keyFile),
      ...(passphraseFile === undefined ? [] : [passphraseFile]),
      ...(keyFile === undefined ? [] : [keyFile]),
      // What has been read is not read again: it is large where there are many secrets.
      ...unique(all.filter((one) => keyFile === undefined || one.vaultFile !== paths.vaultFile).map(({ vaultFile }) => vaultFile)).flatMap(findNamedKey),
    ]),
  };
}

/** The home folder of this user's account, where `HOME` says another. */
export function findOtherHome(): string | undefined {
  // An account is not needed to run: containers know many users by their number alone.
  const home = find(() => userInfo().homedir);
  return home === undefined || home === homedir() || !home.startsWith("/") || home === "/" ? undefined : home;
}

function listOthers(variables: Surroundings["variables"]): VaultPaths[] {
  const info = { variables: {}, home: homedir(), temporary: tmpdir(), cwd: process.cwd(), platform: process.platform, uid: process.getuid?.() ?? 0 };
  const other = findOtherHome();
  const sockets = process.platform === "linux" ? parsePathSockets(find(() => readFileSync("/proc/net/unix", "utf8")) ?? "") : [];
  return [
    findPaths({ ...info, variables: { ...variables, VAULT_DIR: undefined } }),
    findPaths(info),
    ...(other === undefined ? [] : [findPaths({ ...info, home: other })]),
    ...sockets.flatMap((socket) => SOCKET_OF_VAULT.exec(socket)?.[1] ?? []).filter((folder) => readBounded(join(folder, "vault.json"), FILE_BYTES_MAX).kind === "read").map((folder) => findPaths({ ...info, variables: { VAULT_DIR: folder } })),
  ];
}

function foldersOf({ dataFolder, keyFile, auditFolder, anchorFile, runtimeFolder, agent }: VaultPaths): string[] {
  return [dataFolder, dirname(keyFile), auditFolder, dirname(anchorFile), runtimeFolder, agent.folder];
}

/** What a vault says of its key's file. One that does not read is no vault that anything opens. */
function findNamedKey(vaultFile: string): string[] {
  const read = readBounded(vaultFile, FILE_BYTES_MAX);
  const locator = read.kind === "read" ? find(() => parseVaultFile(read.bytes).contents.slot.locator) : undefined;
  return locator?.provider === "file" ? [resolveKeyFile(locator.path, dirname(vaultFile))] : [];
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}
