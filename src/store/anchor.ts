// The rollback anchor: remembers the newest vault file seen, outside of it (FORMAT.md, "Writing").
import { dirname } from "node:path";
import { encodeBase64, findText, utf8 } from "../bytes.ts";
import { readPrivateFile, replaceFile } from "../disk/durable-file.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import { VaultError } from "../errors.ts";
import type { VaultFile } from "../vault/vault-file.ts";

export interface Anchor {
  /** Base64, as in the vault file. */
  readonly vault: string;
  readonly generation: number;
  readonly mac: string;
}

const BYTES_MAX = 4096;

/** @returns undefined where there is none. @throws VaultError `rolled-back` for one that cannot be read: in doubt the vault counts as old. */
export function readAnchor(path: string): Anchor | undefined {
  const bytes = readPrivateFile(path, BYTES_MAX);
  if (bytes === undefined) return undefined;
  const anchor = parseAnchor(findText(bytes) ?? "");
  if (anchor === undefined) throw new VaultError("rolled-back", `the rollback anchor "${path}" is damaged`, `if you know that the vault file is the newest, remove "${path}"`);
  return anchor;
}

/** Called after the vault's rename: were it called before, a crash between the two would make the vault look old. */
export function writeAnchor(path: string, file: VaultFile): void {
  ensureUnsharedFolder(dirname(path));
  replaceFile(path, utf8(`${JSON.stringify(anchorOf(file))}\n`));
}

/** @throws VaultError `rolled-back` when the file is older than what this machine has seen, or another file of the same generation. */
export function requireNotRolledBack(file: VaultFile, anchor: Anchor | undefined, path: string): void {
  if (anchor === undefined) return;
  const current = anchorOf(file);
  if (current.vault !== anchor.vault || current.generation > anchor.generation) return;
  if (current.generation === anchor.generation && current.mac === anchor.mac) return;
  throw new VaultError(
    "rolled-back",
    `the vault file was rolled back: it is generation ${current.generation}, and this machine has seen ${anchor.generation}`,
    `put the newest vault.json back; to go on with this one all the same, remove "${path}"`,
  );
}

function anchorOf(file: VaultFile): Anchor {
  return { vault: encodeBase64(file.contents.id), generation: file.contents.generation, mac: encodeBase64(file.mac) };
}

function parseAnchor(text: string): Anchor | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Anchor, unknown>> | null;
    const { vault, generation, mac } = value ?? {};
    return typeof vault === "string" && typeof generation === "number" && Number.isSafeInteger(generation) && typeof mac === "string" ? { vault, generation, mac } : undefined;
  } catch {
    return undefined;
  }
}
