import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { VaultError, systemErrorCode } from "../errors.ts";

/**
 * Makes a folder 0700, with its parents, or checks that the one there is a folder of ours that nobody else may enter.
 *
 * @throws VaultError `unsafe-file` for a link, another user's folder or one open to others; `io` where it cannot be made.
 */
export function ensurePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    requirePrivateFolder(path);
  } catch (error) {
    if (error instanceof VaultError) throw error;
    throw new VaultError("io", `cannot make the folder "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
}

/**
 * Makes a folder 0700 that the user may have chosen (`VAULT_DIR`). One that is there and empty becomes 0700; one that holds other things keeps its mode,
 * as long as nobody else can put files into it: what is in it is 0600 anyway.
 *
 * @throws VaultError as `requireUnsharedFolder`; `io`.
 */
export function ensureUnsharedFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (readdirSync(path).length === 0 && statSync(path).uid === process.geteuid?.()) chmodSync(path, 0o700);
  } catch (error) {
    throw new VaultError("io", `cannot make the folder "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  requireUnsharedFolder(path);
}

/**
 * Whoever may write into the vault's folder may put another vault in its place.
 *
 * @throws VaultError `unsafe-file` for a folder of another user or one that others may write to. Nothing there is fine.
 */
export function requireUnsharedFolder(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) throw new VaultError("unsafe-file", `"${path}" is not a folder`);
  requireOwned(path, stat.uid);
  if (process.platform !== "win32" && (stat.mode & 0o022) !== 0) throw new VaultError("unsafe-file", `"${path}" can be written to by other users`, `chmod 700 "${path}"`);
}

/** @throws VaultError `unsafe-file`; a system error where there is nothing. */
export function requirePrivateFolder(path: string): void {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw new VaultError("unsafe-file", `"${path}" is not a folder`, "remove the link or file that stands there");
  requireOwned(path, stat.uid);
  if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) throw new VaultError("unsafe-file", `"${path}" is open to other users`, `chmod 700 "${path}"`);
}

/** @throws VaultError `unsafe-file` unless the file belongs to the user who runs this. */
export function requireOwned(path: string, uid: number): void {
  if (process.geteuid !== undefined && uid !== process.geteuid()) throw new VaultError("unsafe-file", `"${path}" belongs to another user`, `chown it to yourself if you trust what is in it`);
}
