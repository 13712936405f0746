// The seam between the agent and the vault file, for logins: what is sealed of them changes with their use (FORMAT.md, "Logins that change").
import type { Secret } from "../../secret.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { SecretRecord } from "../../vault/record.ts";

/** Has the vault's key do something. @throws VaultError `locked` once another key is held. */
export type UseKey = <T>(work: (holder: KeyHolder) => Promise<T>) => Promise<T>;

/** A login that this process alone works with. */
export interface HeldLogin {
  /** As the vault has it now. */
  readonly record: SecretRecord;
  /** What is sealed of it: wiped when `work` is done. */
  readonly sealed: Secret;
  /**
   * Puts another value in its place, and takes it over: durable when this resolves.
   *
   * @param onSealed hears what the record is going to be, before anybody can read it.
   * @returns how far the vault's log has come by that.
   */
  readonly keep: (next: Secret, onSealed: (record: SecretRecord) => void) => Promise<{ readonly sequence: number; readonly hash: string }>;
}

export interface LoginKeeper {
  /**
   * Holds a login, among all processes, reads the vault again, and has `work` make a value. `work` is called once more where the vault was given another login meanwhile: that one counts.
   *
   * @throws SourceFailure `changed` where the record is gone, or no login any more; `lost`; `unwritten`; VaultError.
   */
  withLogin<T>(record: SecretRecord, useKey: UseKey, work: (login: HeldLogin) => Promise<T>): Promise<T>;
  /** Whether a server has given what the vault does not have yet: with this process it would be lost. */
  hasUnwritten(): boolean;
  /** Tries once more to write that. Never rejects. */
  writeRest(useKey: UseKey): Promise<void>;
  /** Forgets what could not be written. */
  clear(): void;
}
