// FORMAT.md, "The program": a second program changes the vault beside the first. Its key is in a file.
import { renameSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { KekKeys, VaultKeys } from "./crypto.ts";
import { base64, hmac, keyFileKek, kekKeys, vaultKeys } from "./crypto.ts";
import { locked, readOwn, replace, syncFolder } from "./files.ts";
import type { KeySlot, SecretRecord } from "./forms.ts";
import { Refusal } from "./grammar.ts";
import { append, logKeyOf } from "./log.ts";
import type { VaultContents, VaultFile } from "./reader.ts";
import { openDek, openVaultKey, readSecrets, readVault, unlockVault } from "./reader.ts";
import type { Draw } from "./writer.ts";
import { wrapDek, wrapVaultKey, writeVault } from "./writer.ts";

export interface Folders {
  readonly data: string;
  readonly state: string;
}

interface Opened {
  readonly file: VaultFile;
  readonly contents: VaultContents;
  readonly kek: Buffer;
  readonly keys: KekKeys;
  readonly made: VaultKeys;
}

/** Reads the vault with its key, everything checked. */
export function open(folders: Folders): Opened {
  const anchor = readAnchor(folders);
  const file = readVault(readOwn(join(folders.data, "vault.json")) ?? Buffer.alloc(0));
  const kek = findKek(folders, file);
  const keys = unlockVault(file, kek);
  const made = vaultKeys(openVaultKey(file, keys), base64(file.vault));
  if (anchor !== undefined) {
    const { vault, generation, mac } = anchor;
    const isOld = generation > file.generation || (generation === file.generation && mac !== file.mac.toString("base64"));
    if (vault !== file.vault || isOld || !anchor.proofs.includes(proofOf(anchor, made))) throw new Refusal("rolled-back");
  }
  return { file, contents: { ...file, secrets: readSecrets(file) }, kek, keys, made };
}

/** Changes the secrets. */
export async function change(folders: Folders, event: Readonly<Record<string, unknown>>, secrets: (opened: Opened) => readonly SecretRecord[]): Promise<void> {
  await locked(join(folders.data, "vault.lock"), async () => {
    const opened = open(folders);
    await write(folders, opened, { ...opened.contents, secrets: [...secrets(opened)].sort((a, b) => (a.id < b.id ? -1 : 1)) }, opened.kek, event);
  });
}

/** Puts another KEK into the key file. */
export async function replaceKek(folders: Folders, next: Buffer, draw: Draw): Promise<void> {
  await locked(join(folders.data, "vault.lock"), async () => {
    const opened = open(folders);
    const { contents, keys } = opened;
    const nextKeys = kekKeys(next, base64(contents.vault));
    const path = keyPath(folders, contents.key);
    const pending = `${path}.${nextKeys.keyId.toString("hex")}`;
    replace(pending, Buffer.from(`${next.toString("base64")}\n`));
    const secrets = contents.secrets.map((record) => ({ ...record, dek: wrapDek(contents.vault, next, record, openDek(contents, keys, record), draw) }));
    const vaultKey = wrapVaultKey(contents.vault, next, openVaultKey(contents, keys), draw);
    const key = { ...contents.key, id: nextKeys.keyId.toString("base64"), commitment: nextKeys.commitment.toString("base64") };
    await write(folders, opened, { ...contents, key, vaultKey, secrets }, next, { kind: "master.rotate" });
    renameSync(pending, path);
    syncFolder(dirname(path));
  });
}

async function write(folders: Folders, { contents: before, made }: Opened, contents: VaultContents, kek: Buffer, event: Readonly<Record<string, unknown>>): Promise<void> {
  const generation = before.generation + 1;
  const audit = await append(join(folders.state, "audit"), { ...event, generation }, before.audit, logKeyOf(made.audit));
  const bytes = writeVault({ ...contents, generation, audit }, kek);
  const file = readVault(bytes);
  unlockVault(file, kek);
  readSecrets(file);
  replace(join(folders.data, "vault.json"), bytes);
  const sight = { vault: contents.vault, generation, mac: file.mac.toString("base64") };
  replace(join(folders.state, "anchor.json"), Buffer.from(`${JSON.stringify({ ...sight, proofs: [proofOf(sight, made)] })}\n`));
}

interface Sight {
  readonly vault: string;
  readonly generation: number;
  readonly mac: string;
}

function proofOf({ vault, generation, mac }: Sight, { anchor }: VaultKeys): string {
  return hmac(anchor, Buffer.from(JSON.stringify({ vault, generation, mac }))).toString("base64");
}

function readAnchor({ state }: Folders): (Sight & { readonly proofs: readonly string[] }) | undefined {
  const bytes = readOwn(join(state, "anchor.json"));
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString("utf8")) as Sight & { readonly proofs: readonly string[] });
}

function keyPath({ data }: Folders, key: KeySlot): string {
  if (key.provider !== "file") throw new Refusal("key-unavailable");
  return isAbsolute(key.path) ? key.path : join(data, key.path);
}

/** At its place, at that of its successor, and once more at its place. */
function findKek(folders: Folders, { key, vault }: VaultFile): Buffer {
  const path = keyPath(folders, key);
  for (const place of [path, `${path}.${base64(key.id).toString("hex")}`, path]) {
    const content = readOwn(place);
    const kek = content === undefined ? undefined : keyFileKek(content);
    if (kek !== undefined && kekKeys(kek, base64(vault)).keyId.toString("base64") === key.id) return kek;
  }
  throw new Refusal("wrong-key");
}

