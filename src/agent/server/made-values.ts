// What the agent does about values that are made: opens the record that is asked about, has its value made once for all who ask, and sees that no login is lost with the agent.
import { setTimeout as sleep } from "node:timers/promises";
import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { MAIN_PART } from "../messages/part-head.ts";
import type { Request } from "../messages/request.ts";
import type { LoginKeeper } from "../sources/login-keeper.ts";
import type { MadeValue, MakeOrder } from "../sources/source-maker.ts";
import type { SealedSource, ValueAnswer } from "../sources/value-store.ts";
import { ValueStore } from "../sources/value-store.ts";
import type { Time } from "../time/time.ts";
import type { HeadMemory } from "./head-memory.ts";
import type { HeldKey, KeyCustody } from "./key-custody.ts";

/** How long the key waits for refreshes that are under way before it goes: cut off, such a login may be lost. */
const LAST_REFRESH_MS = 2000;

export interface MadeValuesTerms {
  readonly make: (order: MakeOrder) => Promise<MadeValue>;
  readonly time: Time;
  readonly custody: KeyCustody;
  /** Hears how far the vault's log has come by a login that was written. */
  readonly heads: HeadMemory;
  /** Undefined: there are no logins. */
  readonly logins: LoginKeeper | undefined;
}

export class MadeValues {
  readonly #values: ValueStore;
  readonly #custody: KeyCustody;
  readonly #heads: HeadMemory;
  readonly #logins: LoginKeeper | undefined;
  #writing: Promise<void> | undefined;

  constructor({ make, time, custody, heads, logins }: MadeValuesTerms) {
    this.#values = new ValueStore(make, time);
    this.#custody = custody;
    this.#heads = heads;
    this.#logins = logins;
  }

  /** Whether a value is being made that a login may hang on. */
  get isRefreshing(): boolean {
    return this.#values.isRefreshing;
  }

  /** Whether a server has given a login that the vault does not have yet. */
  get hasUnwritten(): boolean {
    return this.#logins?.hasUnwritten() === true;
  }

  /** What opens under this key alone: the record's place in the vault, its source and its sealed bytes are bound to one another. @throws VaultError `bad-schema`, `bad-wrap`, `locked`. */
  async find({ record, refused }: Extract<Request, { readonly op: "value" }>, key: HeldKey): Promise<ValueAnswer> {
    const { source } = record;
    if (source.kind === "stored") throw new VaultError("bad-schema", "a stored value is not made");
    const open = async (): Promise<Secret> => {
      const [sealed] = await this.#custody.use(key, (holder) => openSecrets(holder, key.vaultId, [record]));
      if (sealed === undefined) throw new VaultError("bad-wrap", "a record does not open");
      return sealed;
    };
    // Whoever asks shows that the record is one of the vault's before hearing of what was made of it.
    (await open()).wipe();
    const use = async <T>(work: (current: SealedSource) => Promise<T>): Promise<T> => {
      if (source.kind === "oauth2") return this.#useLogin(record, key, work);
      const sealed = await open();
      try {
        return await work({ record, sealed });
      } finally {
        sealed.wipe();
      }
    };
    return this.#values.ask(key.vaultId, { record, source, refused, use });
  }

  /** Tries once more to write logins that the vault does not have yet. Never rejects. */
  writeRest(): Promise<void> {
    const { key } = this.#custody;
    if (this.#logins === undefined || !this.hasUnwritten) return Promise.resolve();
    return (this.#writing ??= this.#logins.writeRest((use) => this.#custody.finish(key, use)).finally(() => { this.#writing = undefined; }));
  }

  /** Waits a while for what is being refreshed, and for its way into the vault. */
  async finish(): Promise<void> {
    if (this.isRefreshing || this.hasUnwritten) await Promise.race([this.#values.settled().then(() => this.writeRest()), sleep(LAST_REFRESH_MS)]);
  }

  /** Forgets the values: those of another vault's key are asked for from now on. */
  clear(): void {
    this.#values.clear();
  }

  /** Forgets the values, and the logins that could not be written. */
  close(): void {
    this.#values.clear();
    this.#logins?.clear();
  }

  async #useLogin<T>(record: SecretRecord, key: HeldKey, work: (login: SealedSource) => Promise<T>): Promise<T> {
    if (this.#logins === undefined) throw new VaultError("io", "this agent keeps no logins");
    return this.#logins.withLogin(record, (use) => this.#custody.finish(key, use), ({ keep, ...login }) => work({
      ...login,
      keep: async (...order) => { this.#heads.note([{ part: MAIN_PART, ...(await keep(...order)) }]); },
    }));
  }
}
