import { wipe } from "../../bytes.ts";
import type { WritePaths } from "../../paths.ts";
import type { AuditEvent, ChainHead } from "../../audit/entry.ts";
import { closesLog, partKey } from "../../audit/entry.ts";
import { appendToLog } from "../../audit/log.ts";
import { changeVault, isRemembered } from "../../store/vault-store.ts";
import { wipeVaultKeys } from "../../vault/derive.ts";
import { openVaultKeys } from "../../vault/envelope.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { VaultContents, VaultFile } from "../../vault/vault-file.ts";
import { tellLogHead } from "./head-witness.ts";
import { findLogStore } from "./log-reading.ts";
import { requireKnownToLog } from "./known-vault.ts";

/** What a change needs of its surroundings: it is made by commands, and by the agent. */
export interface Writing {
  readonly paths: WritePaths;
  readonly now: () => Date;
}

/** What a change makes of the contents, and how the audit log tells it. */
export interface AuditedChange {
  readonly contents: VaultContents;
  readonly event: AuditEvent;
  /** The holder of a new KEK, when the change replaces it. */
  readonly holder?: KeyHolder;
}

/**
 * Changes the vault under its lock. The audit entry is durable before the vault is, and the vault vouches for it from then on.
 *
 * @throws VaultError `audit-unwritable` with the vault untouched; what `changeVault` throws.
 */
export async function changeAudited(surroundings: Writing, holder: KeyHolder, change: (contents: VaultContents) => Promise<AuditedChange>): Promise<VaultFile> {
  const { paths } = surroundings;
  return changeVault(paths, holder, async (contents) => {
    if (!isRemembered(paths)) await requireKnownToLog(paths, contents, undefined);
    const changed = await change(contents);
    const event = { ...changed.event, generation: contents.generation + 1 };
    const next = closesLog(event) ? { holder: changed.holder ?? holder, contents: changed.contents } : undefined;
    const { sequence, hash } = await appendAudited(surroundings, holder, contents, event, next);
    return { ...changed, contents: { ...changed.contents, audit: { sequence, hash } } };
  });
}

interface KeyedContents {
  readonly holder: KeyHolder;
  readonly contents: Pick<VaultContents, "id" | "vaultKey">;
}

/**
 * Appends to the main log with the vault's audit key.
 *
 * @param next whose vault key comes into force, where the event closes the log of this one's.
 * @throws VaultError `audit-unwritable`, `bad-wrap`; where the log is in a store, `store-unavailable`, `rolled-back`.
 */
export async function appendAudited(surroundings: Writing, holder: KeyHolder, contents: Pick<VaultContents, "id" | "vaultKey" | "audit">, event: AuditEvent, next?: KeyedContents): Promise<ChainHead> {
  const key = await openLogKey({ holder, contents });
  const nextKey = next === undefined ? undefined : await openLogKey(next);
  try {
    const head = await appendToLog(surroundings.paths.auditFolder, event, { key, nextKey, vouched: contents.audit, now: surroundings.now(), store: await findLogStore(surroundings.paths, contents) });
    await tellLogHead(holder, head);
    return head;
  } finally {
    wipe(key, nextKey);
  }
}

async function openLogKey({ holder, contents }: KeyedContents): Promise<Uint8Array> {
  const keys = await openVaultKeys(holder, contents);
  const logKey = partKey(keys.audit, { kind: "log" });
  wipeVaultKeys(keys);
  return logKey;
}
