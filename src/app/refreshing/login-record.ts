// A login's record in the vault file: read as it is now, and given another sealed value where nobody has given it one meanwhile.
import type { UseKey } from "../../agent/sources/login-keeper.ts";
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import type { ChainHead } from "../../audit/entry.ts";
import { VaultError } from "../../errors.ts";
import type { WritePaths } from "../../paths.ts";
import type { Secret } from "../../secret.ts";
import { openSecrets, sealSecrets } from "../../vault/envelope.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { VaultContents } from "../../vault/vault-file.ts";
import { verifyVaultFile } from "../../vault/vault-file.ts";
import { changeAudited } from "../keys/change-vault.ts";
import { readKnownVault } from "../keys/known-vault.ts";

export interface SealedLogin {
  readonly record: SecretRecord;
  /** What the record has sealed; the caller wipes it. */
  readonly sealed: Secret;
}

export interface Replacement extends SealedLogin {
  /** What the record is to have. */
  readonly next: Secret;
  /** Hears what the record is going to be, before anybody can read it. */
  readonly onSealed: (record: SecretRecord) => void;
}

/** The vault was given another login while this one was refreshed: that one counts. */
export class Replaced extends SourceFailure {
  constructor() {
    super({ reason: "changed", said: "" });
  }
}

/** @throws SourceFailure `changed` where the vault has no such login any more; VaultError. */
export async function readLogin(paths: WritePaths, id: string, useKey: UseKey): Promise<SealedLogin> {
  const file = await readKnownVault({ paths });
  if (file === undefined) throw new SourceFailure({ reason: "changed", said: "" });
  return useKey(async (holder) => {
    await verifyVaultFile(file, holder);
    const record = requireLogin(file.records.all(), id);
    const [sealed] = await openSecrets(holder, file.contents.id, [record]);
    if (sealed === undefined) throw new VaultError("bad-seal", `the value of "${record.name}" does not open`);
    return { record, sealed };
  });
}

/** Durable when this resolves. @returns how far the vault's log has come by it. @throws Replaced; SourceFailure `changed`; VaultError where it cannot be written. */
export async function replaceLogin(paths: WritePaths, now: () => Date, replacement: Replacement, useKey: UseKey): Promise<ChainHead> {
  const file = await useKey((holder) => changeAudited({ paths, now }, holder, async (contents) => {
    const after = await replaceSealed(holder, contents, replacement, now());
    replacement.onSealed(after);
    const secrets = contents.secrets.map((secret) => (secret.id === after.id ? after : secret));
    return { contents: { ...contents, secrets }, event: { kind: "login.refresh", secret: after.name, id: after.id, version: after.version } };
  }));
  return file.contents.audit;
}

/** Who may use it, and where, may have been changed meanwhile: that stays as it is now. */
async function replaceSealed(holder: KeyHolder, contents: VaultContents, { record: { id }, sealed: before, next }: Replacement, at: Date): Promise<SecretRecord> {
  const record = requireLogin(contents.secrets, id);
  const [now] = await openSecrets(holder, contents.id, [record]);
  try {
    if (now?.equals(before) !== true) throw new Replaced();
  } finally {
    now?.wipe();
  }
  const binding = { ...record, version: record.version + 1 };
  const [envelope] = await sealSecrets(holder, contents.id, [{ binding, value: next }]);
  if (envelope === undefined) throw new VaultError("bad-wrap", "a key holder answered with too few keys");
  return { ...binding, updatedAt: at.toISOString(), ...envelope };
}

function requireLogin(secrets: readonly SecretRecord[], id: string): SecretRecord {
  const record = secrets.find((secret) => secret.id === id);
  if (record?.source.kind !== "oauth2") throw new SourceFailure({ reason: "changed", said: "" });
  return record;
}
