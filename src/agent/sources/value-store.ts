// The values of the moment, between one making and the next: one making at a time for each record, none for a while after one that failed.
import { hash } from "node:crypto";
import { encodeBase64 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { LivingSource } from "../../vault/source.ts";
import { encodeSource } from "../../vault/source.ts";
import type { Instant } from "../time/lifetime.ts";
import { elapsedMs } from "../time/lifetime.ts";
import type { Time } from "../time/time.ts";
import type { HeldLogin } from "./login-keeper.ts";
import type { Failure, MadeValue, MakeOrder } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";
import type { ValueLife } from "./value-life.ts";
import { startValueLife, valueLifeLeft } from "./value-life.ts";

export interface ValueWish {
  readonly record: SecretRecord;
  readonly source: LivingSource;
  /** `tagOf` the value that a host has just refused: that one is not worth having. */
  readonly refused: string | undefined;
  /** Where a value is to be made: what the vault has sealed for it. */
  readonly use: <T>(work: (current: SealedSource) => Promise<T>) => Promise<T>;
}

/** Wiped when `work` is done. `keep` as `HeldLogin` has it, where the source is one whose sealed value changes. */
export interface SealedSource extends Pick<HeldLogin, "record" | "sealed"> {
  readonly keep?: (...order: Parameters<HeldLogin["keep"]>) => Promise<unknown>;
}

export type ValueAnswer =
  /** `value` is the caller's to wipe. `isNew`: it was made for this wish. */
  | { readonly kind: "value"; readonly value: Secret; readonly freshMs: number; readonly goodMs: number; readonly isNew: boolean }
  /** `isNew`: the source was asked for this wish; otherwise it failed a while ago, and is asked again in `retryMs`. */
  | { readonly kind: "no-value"; readonly failure: Failure; readonly retryMs: number; readonly isNew: boolean };

/** Records whose values are remembered. Each takes up to 64 KiB. */
const SLOTS_MAX = 1024;
/** Hosts that refuse whatever they get have it made anew no more often than this. */
const REFUSAL_PAUSE_MS_MIN = 1000;
/** And so often in the life of one value: a program that brings refusals about would have its run hold more values that are still good than the run looks for in answers. */
const REFUSALS_MAX = 14;
/** What counts as a life where it is longer, or nobody knows. */
const REFUSALS_MS_MAX = 86_400_000;

/** What a login was before its last refresh, and is since: a run that has read the vault a moment ago asks with the former. */
const MARKS_MAX = 3;

interface Slot {
  /** Marks of the records that `held` and `failed` are about. */
  marks: readonly string[];
  held: { readonly value: Secret; readonly life: ValueLife } | undefined;
  failed: { readonly failure: Failure; readonly at: Instant } | undefined;
  /** When refusals had it made anew. */
  remade: readonly Instant[];
  making: Promise<void> | undefined;
}

/** By which a run says which value it was that a host has refused. */
export function tagOf(value: Secret): string {
  return hash("sha256", value.reveal(), "base64");
}

export class ValueStore {
  readonly #make: (order: MakeOrder) => Promise<MadeValue>;
  readonly #time: Time;
  readonly #slots = new Map<string, Slot>();
  readonly #refreshes = new Set<Promise<unknown>>();
  #stop = new AbortController();

  constructor(make: (order: MakeOrder) => Promise<MadeValue>, time: Time) {
    this.#make = make;
    this.#time = time;
  }

  /** @param vaultId of the vault that the record is in. @throws what `open` throws. */
  async ask(vaultId: Uint8Array, wish: ValueWish): Promise<ValueAnswer> {
    const mark = markOf(vaultId, wish.record);
    const slot = this.#slotOf(wish.source.kind === "oauth2" ? `${encodeBase64(vaultId)} ${wish.record.id}` : mark);
    // Whoever comes while it is made waits for that, and takes what came of it.
    while (slot.making !== undefined) {
      await slot.making;
      if (slot.marks.includes(mark)) return this.#answer(slot, wish.source, false);
    }
    if (!this.#isDue(slot, mark, wish)) return this.#answer(slot, wish.source, false);
    const making = this.#remake(slot, mark, vaultId, wish);
    slot.making = making;
    if (wish.source.kind === "oauth2") this.#refreshes.add(making);
    try {
      await making;
    } finally {
      slot.making = undefined;
      this.#refreshes.delete(making);
    }
    return this.#answer(slot, wish.source, true);
  }

  /** Resolves when no login is being refreshed any more: cut off, one may be lost. */
  async settled(): Promise<void> {
    while (this.#refreshes.size > 0) await Promise.allSettled(this.#refreshes);
  }

  get isRefreshing(): boolean {
    return this.#refreshes.size > 0;
  }

  /** Forgets all values, and ends what is being made. It can go on: for another key. */
  clear(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    for (const { held } of this.#slots.values()) held?.value.wipe();
    this.#slots.clear();
  }

  #isDue(slot: Slot, mark: string, { source, refused }: ValueWish): boolean {
    const now = this.#time.now();
    if (!slot.marks.includes(mark)) return true;
    if (slot.failed !== undefined && elapsedMs(slot.failed.at, now) < source.failureTtl * 1000) return false;
    if (slot.held === undefined || valueLifeLeft(slot.held.life, now).freshMs === 0) return true;
    if (refused !== tagOf(slot.held.value)) return false;
    const [lifeMs, pauseMs] = [Math.min(slot.held.life.goodMs, REFUSALS_MS_MAX), Math.max(source.failureTtl * 1000, REFUSAL_PAUSE_MS_MIN)];
    const ages = slot.remade.map((at) => elapsedMs(at, now));
    return ages.every((ageMs) => ageMs >= pauseMs) && ages.filter((ageMs) => ageMs < lifeMs).length < REFUSALS_MAX;
  }

  async #remake(slot: Slot, mark: string, vaultId: Uint8Array, wish: ValueWish): Promise<void> {
    const { signal } = this.#stop;
    const { source, refused, use } = wish;
    const isKnown = slot.marks.includes(mark);
    if (slot.held !== undefined && refused === tagOf(slot.held.value)) slot.remade = [...slot.remade, this.#time.now()].slice(-REFUSALS_MAX);
    const note = (record: SecretRecord): void => { slot.marks = [...slot.marks, markOf(vaultId, record)].slice(-MARKS_MAX); };
    try {
      const made = await use(async ({ record, sealed, keep }) => {
        const current = markOf(vaultId, record);
        // The vault has another login by now, or whoever asked had read it long ago.
        if (!slot.marks.includes(current)) forgetHeld(slot);
        else if (!isKnown && !this.#isDue(slot, current, { ...wish, refused: undefined })) return undefined;
        slot.marks = [...new Set([mark, current])];
        const from = record.source.kind === "stored" ? source : record.source;
        return this.#make({ source: from, sealed, nowMs: this.#time.now().wallMs, signal, ...(keep === undefined ? {} : { keep: async (next) => { await keep(next, note); } }) });
      });
      if (made === undefined) return;
      const { value, expiresMs } = made;
      const life = startValueLife(this.#time.now(), expiresMs, source.ttl === null ? undefined : source.ttl * 1000);
      if (life === undefined || signal.aborted) {
        value.wipe();
        throw new SourceFailure({ reason: signal.aborted ? "stopped" : "expired", said: "" });
      }
      slot.held?.value.wipe();
      slot.held = { value, life };
      slot.failed = undefined;
    } catch (error) {
      if (error instanceof VaultError) throw error;
      if (error instanceof SourceFailure && error.failure.reason === "changed") forgetHeld(slot);
      if (!slot.marks.includes(mark)) slot.marks = [mark];
      // Nothing else of an error is told: it may quote a value.
      slot.failed = { failure: error instanceof SourceFailure ? error.failure : { reason: "failed", said: "" }, at: this.#time.now() };
    }
  }

  #answer({ held, failed }: Slot, { failureTtl }: LivingSource, isNew: boolean): ValueAnswer {
    const now = this.#time.now();
    const retryMs = failed === undefined ? 0 : Math.max(0, Math.ceil(failureTtl * 1000 - elapsedMs(failed.at, now)));
    const left = held === undefined ? undefined : valueLifeLeft(held.life, now);
    // One that could not be made anew in time is good as yet.
    if (held !== undefined && left !== undefined && left.goodMs > 0) return { kind: "value", value: held.value.copy(), goodMs: left.goodMs, freshMs: Math.max(left.freshMs, Math.min(left.goodMs, retryMs)), isNew: isNew && failed === undefined };
    return { kind: "no-value", failure: failed?.failure ?? { reason: "stopped", said: "" }, retryMs, isNew };
  }

  /** The one that was asked for longest ago goes first. */
  #slotOf(mark: string): Slot {
    const slot = this.#slots.get(mark) ?? { marks: [], held: undefined, failed: undefined, remade: [], making: undefined };
    this.#slots.delete(mark);
    this.#slots.set(mark, slot);
    if (this.#slots.size > SLOTS_MAX) {
      const idle = [...this.#slots].find(([, other]) => other.making === undefined && other !== slot);
      idle?.[1].held?.value.wipe();
      if (idle !== undefined) this.#slots.delete(idle[0]);
    }
    return slot;
  }
}

function forgetHeld(slot: Slot): void {
  slot.held?.value.wipe();
  slot.held = undefined;
  slot.failed = undefined;
}

/** A record that was given another source, or other sealed bytes, is another: what was made of the old one does not count for it. */
function markOf(vaultId: Uint8Array, { id, source, value }: SecretRecord): string {
  return hash("sha256", JSON.stringify([encodeBase64(vaultId), id, encodeSource(source), value.nonce, value.ciphertext]), "base64");
}
