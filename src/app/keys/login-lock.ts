// One process at a time works with a login (FORMAT.md, "Logins that change"): two refreshes of one token at once would leave both dead.
import { join } from "node:path";
import { findBase64 } from "../../bytes.ts";
import type { FileLock } from "../../disk/file-lock.ts";
import { acquireLock } from "../../disk/file-lock.ts";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";
import type { WritePaths } from "../../paths.ts";
import type { SecretRecord } from "../../vault/record.ts";

/** Whoever takes the vault's lock as well takes this one first. @param id of a secret. @throws VaultError `busy`, `io`, `unsafe-file`. */
export function lockLogin({ loginsFolder }: Pick<WritePaths, "loginsFolder">, id: string): Promise<FileLock> {
  ensurePrivateFolder(loginsFolder);
  return acquireLock(loginFile(loginsFolder, id, "lock"));
}

/** For whoever changes what a refresh needs in order to end: none is under way while `work` is. @throws VaultError as `lockLogin`. */
export async function withoutRefreshes<T>(paths: Pick<WritePaths, "loginsFolder">, secrets: readonly Pick<SecretRecord, "id" | "source">[], work: () => Promise<T>): Promise<T> {
  const locks: FileLock[] = [];
  try {
    for (const { id, source } of secrets) if (source.kind === "oauth2") locks.push(await lockLogin(paths, id));
    return await work();
  } finally {
    for (const lock of locks) lock.release();
  }
}

export function loginFile(folder: string, id: string, ending: "lock" | "asked"): string {
  return join(folder, `${Buffer.from(findBase64(id) ?? []).toString("hex")}.${ending}`);
}
