// What an engine has of the vault, held against what this machine has seen of it: pure.
import { encodeBase64, equalBytes, findText } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { VaultFile } from "../vault/vault-file.ts";
import type { FoundAnchor } from "./anchor.ts";
import { acceptHint } from "./anchor.ts";

/** What this machine has of a vault that is on an engine. Read before the engine is asked: behind the answer, another process here may have seen a newer one. */
export interface Seen {
  readonly copy: VaultFile | undefined;
  readonly anchor: FoundAnchor;
}

/**
 * Whether what the engine has is to take the copy's place. A copy is never replaced by what is older, by another of its generation, or by nothing.
 *
 * @param where the engine, for messages. @param stored undefined where it has none.
 * @returns false where there is no vault, neither there nor here.
 * @throws VaultError `rolled-back`.
 */
export function judgeStored(where: string, stored: VaultFile | undefined, { copy, anchor }: Seen): boolean {
  const seen = Math.max(copy?.contents.generation ?? 0, anchor.kind === "known" ? anchor.anchor.generation : 0);
  if (stored === undefined) {
    if (copy === undefined && anchor.kind !== "known") return false;
    throw new VaultError("rolled-back", `the store ${where} has no vault any more, and this machine has seen generation ${seen} of it`, copy === undefined ? "restore it from a backup of the store" : RESTORE);
  }
  const id = encodeBase64(stored.contents.id);
  const known = anchor.kind === "known" ? anchor.anchor.vault : copy === undefined ? id : encodeBase64(copy.contents.id);
  if (id !== known) throw new VaultError("rolled-back", `there is another vault in the store ${where} than the one that this machine knows: ${id}, and not ${known}`, acceptHint(stored));
  const { generation } = stored.contents;
  const hint = `the store was put back to an older state, or has lost writes in a failover; ${RESTORE}; ${acceptHint(stored)}`;
  if (generation < seen) throw new VaultError("rolled-back", `the vault in the store ${where} is generation ${generation}, and this machine has seen ${seen}`, hint);
  const isOther = (anchor.kind === "known" && anchor.anchor.generation === generation && anchor.anchor.mac !== encodeBase64(stored.mac)) || (copy?.contents.generation === generation && !equalBytes(copy.mac, stored.mac));
  if (isOther) throw new VaultError("rolled-back", `the store ${where} has another generation ${generation} of the vault than the one that this machine has seen`, hint);
  return true;
}

const RESTORE = "to put this machine's copy back: vault store restore";

const MOVED = /^\{"moved":"([\x21\x23-\x5b\x5d-\x7e]{1,2048})","by":"([0-9a-f]{32})"\}\n$/;

/** What is left in the vault's place where it was moved away. */
export interface Moved {
  /** A locator without a password, or `file`. */
  readonly to: string;
  /** Random, in hex: by it the machine that moved it knows its own doing. */
  readonly by: string;
}

export function encodeMoved({ to, by }: Moved): string {
  return `${JSON.stringify({ moved: to, by })}\n`;
}

/** @returns undefined for anything but such a mark. It is anyone's word who can write there. */
export function findMoved(bytes: Uint8Array): Moved | undefined {
  const [, to, by] = (bytes.length > 4096 ? null : MOVED.exec(findText(bytes) ?? "")) ?? [];
  return to === undefined || by === undefined ? undefined : { to, by };
}

/** The store is there, and the vault is somewhere else. */
export class MovedVault extends VaultError {}

/** Nothing follows by itself: where a password goes is for a person to say. */
export function movedAway(where: string, { to }: Moved): MovedVault {
  const hint = `where this very machine has moved it, and was cut off: vault store migrate --to ${to}; elsewhere, ${to === "file" ? `that machine has it as a file; only if that machine is lost: ${RESTORE}` : `if you know that place: vault init --store ${to}`}`;
  return new MovedVault("store-unavailable", `the vault is not in the store ${where} any more: it was moved to ${to}`, hint);
}
