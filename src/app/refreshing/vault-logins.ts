// Logins in the vault file, for the agent: read under the login's lock, and written back before anything of what they gave is used (FORMAT.md, "Logins that change").
import type { HeldLogin, LoginKeeper, UseKey } from "../../agent/sources/login-keeper.ts";
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
import type { LoginLock } from "../keys/login-lock.ts";
import { lockLogin } from "../keys/login-lock.ts";
import { markAsked } from "./asked-mark.ts";

/** How often a login may be replaced while it is being refreshed. */
const ATTEMPTS_MAX = 3;

/** What a server has given, and the vault does not have yet. */
interface Unwritten {
  /** What was sealed when it was asked for. */
  readonly before: Secret;
  readonly next: Secret;
}

export function openVaultLogins(paths: WritePaths, now: () => Date): LoginKeeper {
  const unwritten = new Map<string, Unwritten>();
  const forget = (id: string): void => {
    unwritten.get(id)?.before.wipe();
    unwritten.get(id)?.next.wipe();
    unwritten.delete(id);
  };

  /** @throws SourceFailure `changed` where the vault has another login, or none; `unwritten`. */
  const write = async ({ record, sealed, next, useKey, onSealed }: Next): Promise<ChainHead> => {
    try {
      const file = await useKey((holder) => changeAudited({ paths, now }, holder, async (contents) => {
        const after = await replaceSealed(holder, contents, record.id, sealed, next, now());
        onSealed(after);
        const secrets = contents.secrets.map((secret) => (secret.id === after.id ? after : secret));
        return { contents: { ...contents, secrets }, event: { kind: "login.refresh", secret: after.name, id: after.id, version: after.version } };
      }));
      return file.contents.audit;
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      const rest = { before: sealed.copy(), next: next.copy() };
      forget(record.id);
      unwritten.set(record.id, rest);
      throw new SourceFailure({ reason: "unwritten", said: error.message });
    }
  };

  /** A login as it is now, with what could not be written before. */
  const read = async (id: string, useKey: UseKey): Promise<{ readonly record: SecretRecord; readonly sealed: Secret }> => {
    const found = await readLogin(paths, id, useKey);
    const rest = unwritten.get(id);
    if (rest === undefined) return found;
    try {
      if (found.sealed.equals(rest.before)) await write({ ...found, next: rest.next, useKey, onSealed: () => undefined });
      forget(id);
      return await readLogin(paths, id, useKey);
    } finally {
      found.sealed.wipe();
    }
  };

  const useOnce = async <T>(id: string, lock: LoginLock, useKey: UseKey, work: (login: HeldLogin) => Promise<T>): Promise<T> => {
    const { record, sealed } = await read(id, useKey);
    const done = { isKept: false };
    try {
      const mark = await markAsked(paths, record);
      lock.requireHeld();
      const keep: HeldLogin["keep"] = async (next, onSealed) => {
        try {
          const head = await write({ record, sealed, next, useKey, onSealed });
          done.isKept = true;
          return head;
        } finally {
          next.wipe();
        }
      };
      try {
        const result = await work({ record, sealed, keep });
        if (!done.isKept) await mark.clear();
        return result;
      } catch (error) {
        throw done.isKept ? error : await mark.judge(error);
      }
    } finally {
      sealed.wipe();
    }
  };

  return {
    async withLogin({ id }, useKey, work) {
      const lock = await lockLogin(paths, id);
      try {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return await useOnce(id, lock, useKey, work);
          } catch (error) {
            if (!(error instanceof Replaced) || attempt === ATTEMPTS_MAX) throw error;
          }
        }
      } finally {
        await lock.release();
      }
    },
    hasUnwritten: () => unwritten.size > 0,
    async writeRest(useKey) {
      for (const id of [...unwritten.keys()]) {
        try {
          const lock = await lockLogin(paths, id);
          try {
            (await read(id, useKey)).sealed.wipe();
          } finally {
            await lock.release();
          }
        } catch (error) {
          // Deleted, or no login any more: there is nothing to write it into.
          if (error instanceof SourceFailure && error.failure.reason === "changed") forget(id);
        }
      }
    },
    clear() {
      for (const id of unwritten.keys()) forget(id);
    },
  };
}

interface Next {
  readonly record: SecretRecord;
  /** What the record has sealed. */
  readonly sealed: Secret;
  /** What it is to have. */
  readonly next: Secret;
  readonly useKey: UseKey;
  readonly onSealed: (record: SecretRecord) => void;
}

/** The vault was given another login while this one was refreshed: that one counts. */
class Replaced extends SourceFailure {
  constructor() {
    super({ reason: "changed", said: "" });
  }
}

async function readLogin(paths: WritePaths, id: string, useKey: UseKey): Promise<{ readonly record: SecretRecord; readonly sealed: Secret }> {
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

/** Who may use it, and where, may have been changed meanwhile: that stays as it is now. @param before what has to be sealed of it now. */
async function replaceSealed(holder: KeyHolder, contents: VaultContents, id: string, before: Secret, next: Secret, at: Date): Promise<SecretRecord> {
  const record = requireLogin(contents.secrets, id);
  const [sealed] = await openSecrets(holder, contents.id, [record]);
  try {
    if (sealed?.equals(before) !== true) throw new Replaced();
  } finally {
    sealed?.wipe();
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
