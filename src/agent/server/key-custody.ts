// The key and its limits, between unlock and lock. Knows no socket.
import { equalBytes, wipe } from "../../bytes.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import { holdKek } from "../../vault/local-holder.ts";
import type { KeyGrant } from "../messages/grant.ts";
import type { AgentStatus } from "../messages/reply.ts";
import { refusalError } from "../messages/reply.ts";
import type { Lifetime, TimeLeft } from "../time/lifetime.ts";
import { isExpired, noteUse, startLifetime, timeLeft } from "../time/lifetime.ts";
import type { Time } from "../time/time.ts";
import type { KeyIdentity } from "../wire/key-identity.ts";

const WRONG_KEY_MS_MIN = 250;
const WRONG_KEY_MS_MAX = 8000;

/** How long the answer to a wrong key takes, after so many in a row. */
export function wrongKeyDelayMs(wrongKeysBefore: number): number {
  return Math.min(WRONG_KEY_MS_MIN * 2 ** wrongKeysBefore, WRONG_KEY_MS_MAX);
}

/** The key that was held at some moment. No other key is ever given its number. */
export interface HeldKey extends KeyIdentity {
  readonly number: number;
}

export class KeyCustody {
  readonly #time: Time;
  #key: HeldKey;
  #holder: KeyHolder;
  #lifetime: Lifetime;
  #isForRuns: boolean;
  #isClosed = false;
  #wrongKeys = 0;
  /** Unlocking takes turns: keys tried at once wait as long as keys tried one by one. */
  #lastTurn: Promise<unknown> = Promise.resolve();

  /** Wipes the grant's KEK. @throws VaultError `wrong-key`, `bad-key-slot` when it is not the key that the grant speaks of. */
  constructor(grant: KeyGrant, time: Time) {
    this.#time = time;
    this.#holder = holdGranted(grant);
    this.#key = numberKey(grant, 1);
    this.#isForRuns = grant.isForRuns === true;
    this.#lifetime = startLifetime(grant, time.now());
  }

  get key(): HeldKey {
    return this.#key;
  }

  get isExpired(): boolean {
    return this.#isClosed || isExpired(this.#lifetime, this.#time.now());
  }

  /** The key was given for runs, and not by a person who unlocked the vault. */
  get isForRuns(): boolean {
    return this.#isForRuns;
  }

  get timeLeft(): TimeLeft {
    return timeLeft(this.#lifetime, this.#time.now());
  }

  /** Looking does not count as use. */
  get status(): AgentStatus {
    return { pid: process.pid, idleMs: this.#lifetime.limits.idleMs, isForRuns: this.#isForRuns, ...this.timeLeft };
  }

  /**
   * Has the key do something, and notes the use when it succeeded.
   *
   * @param key that the client was told of. When another has taken its place, that is `locked`:
   * the work of one key must not be taken for another's, least of all by a client that is about to write data keys to the vault.
   * @throws VaultError `locked`, or what the holder says.
   */
  async use<T>(key: HeldKey, work: (holder: KeyHolder) => Promise<T>): Promise<T> {
    if (this.isExpired || key.number !== this.#key.number) throw refusalError("locked");
    const result = await work(this.#holder);
    this.#lifetime = noteUse(this.#lifetime, this.#time.now());
    return result;
  }

  /**
   * The same for what was begun with a key in time, and has to be ended: the key's time may be over, and it may have been handed over once more meanwhile.
   *
   * @throws VaultError `locked` where the key is gone, or another one's; what the holder says.
   */
  async finish<T>(key: HeldKey, work: (holder: KeyHolder) => Promise<T>): Promise<T> {
    if (this.#isClosed || !equalBytes(key.keyId, this.#key.keyId) || !equalBytes(key.vaultId, this.#key.vaultId)) throw refusalError("locked");
    return work(this.#holder);
  }

  /**
   * Puts another key in this one's place, or the same with new limits. Wipes the grant's KEK.
   *
   * @throws VaultError `wrong-key`, `bad-key-slot` when it is not the key that the grant speaks of, the more slowly the more often; `locked`. The key held so far stays.
   */
  async unlock(grant: KeyGrant): Promise<HeldKey> {
    const turn = this.#lastTurn.then(() => this.#replace(grant));
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  /** Wipes the key. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.#holder.close();
  }

  async #replace(grant: KeyGrant): Promise<HeldKey> {
    const holder = await this.#holdOrDelay(grant);
    if (this.isExpired) {
      holder.close();
      throw refusalError("locked");
    }
    this.#wrongKeys = 0;
    this.#holder.close();
    this.#holder = holder;
    this.#key = numberKey(grant, this.#key.number + 1);
    this.#isForRuns = grant.isForRuns === true;
    this.#lifetime = startLifetime(grant, this.#time.now());
    return this.#key;
  }

  async #holdOrDelay(grant: KeyGrant): Promise<KeyHolder> {
    try {
      return holdGranted(grant);
    } catch (error) {
      const delayMs = wrongKeyDelayMs(this.#wrongKeys);
      this.#wrongKeys += 1;
      await this.#time.sleep(delayMs);
      throw error;
    }
  }
}

function numberKey({ vaultId, keyId, commitment }: KeyIdentity, number: number): HeldKey {
  return { vaultId, keyId, commitment, number };
}

function holdGranted(grant: KeyGrant): KeyHolder {
  const holder = holdAndWipe(grant);
  const isId = equalBytes(holder.keyId, grant.keyId);
  const isCommitment = equalBytes(holder.commitment, grant.commitment);
  if (isId && isCommitment) return holder;
  holder.close();
  // Both come from the KEK alone, so one that differs without the other means that the vault file was changed.
  throw refusalError(isId || isCommitment ? "bad-key-slot" : "wrong-key");
}

function holdAndWipe({ kek, vaultId }: KeyGrant): KeyHolder {
  try {
    return holdKek(kek, vaultId);
  } finally {
    wipe(kek);
  }
}
