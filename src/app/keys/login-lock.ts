// One process at a time works with a login (FORMAT.md, "Logins that change"): two refreshes of one token at once would leave both dead.
import { join } from "node:path";
import { findBase64 } from "../../bytes.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";
import { VaultError } from "../../errors.ts";
import type { WritePaths } from "../../paths.ts";
import { acquireLease, leaseName } from "../../store/lease.ts";
import type { SecretRecord } from "../../vault/record.ts";

export type LoginPaths = Pick<WritePaths, "loginsFolder" | "engine">;

export interface LoginLock {
  /** Asked before the server is. @throws VaultError `busy` where another machine may work with the login by now: this one was held up for too long. */
  requireHeld(): void;
  release(): Promise<void>;
}

/** Whoever takes the vault's lock as well takes this one first. Where other machines reach the vault, it is held from them too. @param id of a secret. @throws VaultError `busy`, `io`, `unsafe-file`, `store-unavailable`. */
export async function lockLogin({ loginsFolder, engine }: LoginPaths, id: string): Promise<LoginLock> {
  ensurePrivateFolder(loginsFolder);
  const lock = await acquireLock(loginFile(loginsFolder, id, "lock"));
  try {
    const lease = engine === undefined ? undefined : await acquireLease(await engine(), leaseName("login", findBase64(id)));
    return {
      requireHeld() {
        if (lease?.isLost() === true) throw new VaultError("busy", "this machine was held up while it had the login to itself, and another may have it by now", "try again");
      },
      async release() {
        await lease?.release();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** For whoever changes what a refresh needs in order to end: none is under way while `work` is. @throws VaultError as `lockLogin`. */
export async function withoutRefreshes<T>(paths: LoginPaths, secrets: readonly Pick<SecretRecord, "id" | "source">[], work: () => Promise<T>): Promise<T> {
  const locks: LoginLock[] = [];
  try {
    for (const { id, source } of secrets) if (source.kind === "oauth2") locks.push(await lockLogin(paths, id));
    return await work();
  } finally {
    for (const lock of locks) await lock.release();
  }
}

export function loginFile(folder: string, id: string, ending: "lock" | "asked"): string {
  return join(folder, `${hexOf(id)}.${ending}`);
}

/** In a store, of the same. */
export function askedEntry(id: string): string {
  return `asked/${hexOf(id)}`;
}

function hexOf(id: string): string {
  return Buffer.from(findBase64(id) ?? []).toString("hex");
}
