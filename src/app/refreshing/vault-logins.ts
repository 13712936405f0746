// Logins in the vault file, for the agent: read under the login's lock, and written back before anything of what they gave is used (FORMAT.md, "Logins that change").
import type { HeldLogin, LoginKeeper, UseKey } from "../../agent/sources/login-keeper.ts";
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import type { ChainHead } from "../../audit/entry.ts";
import { VaultError } from "../../errors.ts";
import type { WritePaths } from "../../paths.ts";
import type { LoginLock } from "../keys/login-lock.ts";
import { lockLogin } from "../keys/login-lock.ts";
import { markAsked } from "./asked-mark.ts";
import type { Replacement, SealedLogin } from "./login-record.ts";
import { readLogin, Replaced, replaceLogin } from "./login-record.ts";
import { openUnwrittenLogins } from "./unwritten-logins.ts";

/** How often a login may be replaced while it is being refreshed. */
const ATTEMPTS_MAX = 3;

export function openVaultLogins(paths: WritePaths, now: () => Date): LoginKeeper {
  const unwritten = openUnwrittenLogins();

  /** @throws SourceFailure `changed` where the vault has another login, or none; `unwritten`. */
  const write = async (replacement: Replacement, useKey: UseKey): Promise<ChainHead> => {
    try {
      return await replaceLogin(paths, now, replacement, useKey);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      unwritten.hold(replacement.record.id, { before: replacement.sealed, next: replacement.next });
      throw new SourceFailure({ reason: "unwritten", said: error.message });
    }
  };

  /** A login as it is now, with what could not be written before. */
  const read = async (id: string, useKey: UseKey): Promise<SealedLogin> => {
    const found = await readLogin(paths, id, useKey);
    const rest = unwritten.find(id);
    if (rest === undefined) return found;
    try {
      if (found.sealed.equals(rest.before)) await write({ ...found, next: rest.next, onSealed: () => undefined }, useKey);
      unwritten.forget(id);
      return await readLogin(paths, id, useKey);
    } finally {
      found.sealed.wipe();
    }
  };

  const useOnce = async <T>(id: string, lock: LoginLock, useKey: UseKey, work: (login: HeldLogin) => Promise<T>): Promise<T> => {
    const { record, sealed } = await read(id, useKey);
    const done = { isKept: false };
    const keep: HeldLogin["keep"] = async (next, onSealed) => {
      try {
        const head = await write({ record, sealed, next, onSealed }, useKey);
        done.isKept = true;
        return head;
      } finally {
        next.wipe();
      }
    };
    try {
      const mark = await markAsked(paths, record);
      lock.requireHeld();
      const result = await work({ record, sealed, keep }).catch(async (error: unknown) => {
        throw done.isKept ? error : await mark.judge(error);
      });
      if (!done.isKept) await mark.clear();
      return result;
    } finally {
      sealed.wipe();
    }
  };

  /** As often as the vault is given another login meanwhile: that one counts. */
  const useAgain = async <T>(id: string, lock: LoginLock, useKey: UseKey, work: (login: HeldLogin) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await useOnce(id, lock, useKey, work);
      } catch (error) {
        if (!(error instanceof Replaced) || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  };
  const underLock = async <T>(id: string, act: (lock: LoginLock) => Promise<T>): Promise<T> => {
    const lock = await lockLogin(paths, id);
    try {
      return await act(lock);
    } finally {
      await lock.release();
    }
  };

  return {
    withLogin: ({ id }, useKey, work) => underLock(id, (lock) => useAgain(id, lock, useKey, work)),
    hasUnwritten: () => unwritten.size > 0,
    async writeRest(useKey) {
      for (const id of unwritten.ids()) {
        try {
          await underLock(id, async () => { (await read(id, useKey)).sealed.wipe(); });
        } catch (error) {
          // Deleted, or no login any more: there is nothing to write it into.
          if (error instanceof SourceFailure && error.failure.reason === "changed") unwritten.forget(id);
        }
      }
    },
    clear() {
      for (const id of unwritten.ids()) unwritten.forget(id);
    },
  };
}
