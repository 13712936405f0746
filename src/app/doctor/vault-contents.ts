// Whether the vault reads, is the newest, and holds what its key has authenticated.
import { accessSync, constants } from "node:fs";
import { encodeBase64 } from "../../bytes.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { VaultPaths } from "../../paths.ts";
import type { FoundAnchor } from "../../store/anchor.ts";
import { isAhead, readAnchor, requireNewest, requireOwnAnchor } from "../../store/anchor.ts";
import { VaultAdapter } from "../../store/vault-adapter.ts";
import type { VaultKeys } from "../../vault/derive.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openSecrets, openVaultKeys } from "../../vault/envelope.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { verifyVaultFile } from "../../vault/vault-file.ts";
import { followChains } from "../auditing/verify-trail.ts";
import { withRecall } from "../keys/head-witness.ts";
import { requireKnownToLog } from "../keys/known-vault.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem, problemOf, shellWord } from "./finding.ts";

const RESTORE = "restore vault.json from a backup";

export interface ExaminedFile {
  readonly vault: Finding;
  /** Undefined where there is no vault to compare the anchor with. */
  readonly anchor: Finding | undefined;
  readonly file: VaultFile | undefined;
}

/** Reads the vault file with every check that needs no key, and compares it with the newest that this machine has seen. */
export async function examineVaultFile(paths: VaultPaths): Promise<ExaminedFile> {
  const { vaultFile, anchorFile } = paths;
  // Before the vault: an anchor read after it may be that of a change in between, and make the vault look old.
  const anchor = tryReadAnchor(anchorFile);
  const adapter = new VaultAdapter(vaultFile);
  try {
    await adapter.read();
    adapter.file?.records.all();
  } catch (error) {
    return { vault: problemOf("vault", error, isUnread(error) ? "check that the vault's folders are yours to read; which they are: vault status" : RESTORE), anchor: undefined, file: undefined };
  }
  const { file } = adapter;
  if (file !== undefined) {
    const { generation, secrets } = file.contents;
    return { vault: ok("vault", `"${vaultFile}" is well-formed: generation ${generation}, ${count(secrets.length, "secret")}`), anchor: await judgeAnchor(paths, anchor, file), file };
  }
  const wasThere = anchor instanceof VaultError || anchor.kind !== "none";
  const message = `there is no vault at "${vaultFile}"${wasThere ? ", and there has been one" : ""}`;
  return { vault: problem("vault", "no-vault", message, wasThere ? `${RESTORE}, or make a new one: vault init` : "vault init"), anchor: undefined, file: undefined };
}

/** Nothing is known of the file then, and a backup would not be readable either. */
function isUnread(error: unknown): boolean {
  return error instanceof VaultError && error.code === "io";
}

function tryReadAnchor(path: string): FoundAnchor | VaultError {
  try {
    return readAnchor(path);
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
}

async function judgeAnchor(paths: VaultPaths, anchor: FoundAnchor | VaultError, file: VaultFile): Promise<Finding> {
  const { anchorFile } = paths;
  const { generation } = file.contents;
  if (anchor instanceof VaultError) return problemOf("anchor", anchor, RESTORE);
  try {
    requireNewest(file, anchor);
    if (anchor.kind === "none") await requireKnownToLog(paths, file.contents, undefined);
  } catch (error) {
    return problemOf("anchor", error, RESTORE);
  }
  if (anchor.kind !== "known") return note("anchor", `there is no rollback anchor "${anchorFile}", so an older vault file would not be noticed; the next command that uses the key makes it`);
  if (isAhead(file, anchor)) return note("anchor", `the rollback anchor knows generation ${anchor.anchor.generation}, and the vault is at ${generation}; the next command that uses the key brings it up to date`);
  return ok("anchor", `the vault is the newest that this machine has seen (generation ${generation})`);
}

/** Authenticates the file with its key and opens every record; the values are wiped at once. `isAuthentic`: what the file says may be believed. */
export async function examineSecrets({ anchorFile }: VaultPaths, file: VaultFile, holder: KeyHolder): Promise<{ readonly finding: Finding; readonly isAuthentic: boolean }> {
  const { id, secrets } = file.contents;
  try {
    await verifyVaultFile(file, holder);
    await requireAnchorOf(anchorFile, file, holder);
  } catch (error) {
    return { finding: problemOf("vault", error, RESTORE), isAuthentic: false };
  }
  try {
    await openAndWipe(holder, id, secrets);
    return { finding: ok("secrets", `the vault file is authentic, and all of its secrets open (${secrets.length})`), isAuthentic: true };
  } catch (error) {
    return { finding: await nameUnopened(holder, id, secrets, error), isAuthentic: true };
  }
}

/** Whatever else is wrong with the anchor was found without the key. */
async function requireAnchorOf(path: string, file: VaultFile, holder: KeyHolder): Promise<void> {
  const found = tryReadAnchor(path);
  if (found instanceof VaultError || found.kind !== "known" || found.anchor.vault !== encodeBase64(file.contents.id)) return;
  const keys = await openVaultKeys(holder, file.contents);
  try {
    requireOwnAnchor(file, found, keys.anchor);
  } finally {
    wipeVaultKeys(keys);
  }
}

/**
 * Follows the chain of the audit log and of every run.
 *
 * @param holder undefined where the key is not at hand: then the chain and its known heads are checked, and not who wrote it.
 */
export async function examineAudit(paths: VaultPaths, file: VaultFile, holder: KeyHolder | undefined): Promise<Finding> {
  const { auditFolder } = paths;
  let keys: VaultKeys | undefined;
  try {
    if (holder !== undefined) keys = await openVaultKeys(holder, file.contents);
    const auditKey = keys?.audit;
    const { entries, segments, doubts: [doubt] } = await withRecall({ paths }, file.contents.id, (recall) => followChains(paths, file.contents, auditKey, recall));
    if (doubt !== undefined) return problem("audit", "audit-broken", `entry ${doubt.entry} of the audit log: ${doubt.why}`, "all that is in doubt: vault audit --verify; to take an entry for settled, once you know what happened: vault audit --accept ENTRY");
    if (!isWritable(auditFolder)) return problem("audit", "audit-unwritable", `the audit folder "${auditFolder}" cannot be written to, so no command that needs the log will do anything`, `check that its file system is not read-only, then: chmod u+rwx ${shellWord(auditFolder)}`);
    const counts = `${count(entries, "entry", "entries")} and ${count(segments, "run")}`;
    return ok("audit", keys === undefined ? `the audit log's chain is unbroken (${counts}); who wrote it is only checked with the key` : `the audit log is unbroken, and written with this vault's key (${counts})`);
  } catch (error) {
    return problemOf("audit", error, "vault audit --verify");
  } finally {
    if (keys !== undefined) wipeVaultKeys(keys);
  }
}

async function openAndWipe(holder: KeyHolder, vaultId: Uint8Array, records: readonly SecretRecord[]): Promise<void> {
  for (const value of await openSecrets(holder, vaultId, records)) value.wipe();
}

/** The batch fails as one; asked one by one, the records say which it is. */
async function nameUnopened(holder: KeyHolder, vaultId: Uint8Array, records: readonly SecretRecord[], failure: unknown): Promise<Finding> {
  for (const record of records) {
    try {
      await openAndWipe(holder, vaultId, [record]);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      if (error.code === "locked") break;
      return problem("secrets", error.code, `the secret "${record.name}" does not open: ${error.message}`, `${RESTORE}, or give it a new value: vault secrets delete ${record.name}; then: vault secrets create ${record.name}`);
    }
  }
  return problemOf("secrets", failure, "vault unlock; vault doctor");
}

/** A folder that is not there yet is made by the next command. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "ENOENT";
  }
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
