// The values of the moment, between one making and the next: one making at a time for each record, none for a while after one that failed.
import { hash } from "node:crypto";
import { encodeBase64 } from "../../bytes.ts";
import { Secret } from "../../secret.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { LivingSource } from "../../vault/source.ts";
import { encodeSource } from "../../vault/source.ts";
import type { Instant } from "../lifetime.ts";
import { elapsedMs } from "../lifetime.ts";
import type { Time } from "../time.ts";
import type { Failure, MadeValue, MakeOrder } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";
import type { ValueLife } from "./value-life.ts";
import { startValueLife, valueLifeLeft } from "./value-life.ts";

export interface ValueWish {
  readonly record: SecretRecord;
  readonly source: LivingSource;
  /** `tagOf` the value that a host has just refused: that one is not worth having. */
  readonly refused: string | undefined;
  /** What the vault has sealed: opened only where a value is to be made. */
  readonly open: () => Promise<Secret>;
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

interface Slot {
  held: { readonly value: Secret; readonly life: ValueLife } | undefined;
  failed: { readonly failure: Failure; readonly at: Instant } | undefined;
  /** When a refusal had it made anew last. */
  remade: Instant | undefined;
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
  #stop = new AbortController();

  constructor(make: (order: MakeOrder) => Promise<MadeValue>, time: Time) {
    this.#make = make;
    this.#time = time;
  }

  /** @param vaultId of the vault that the record is in. @throws what `open` throws. */
  async ask(vaultId: Uint8Array, wish: ValueWish): Promise<ValueAnswer> {
    const slot = this.#slotOf(markOf(vaultId, wish.record));
    // Whoever comes while it is made waits for that, and takes what came of it.
    if (slot.making !== undefined) {
      await slot.making;
      return this.#answer(slot, wish.source, false);
    }
    if (!this.#isDue(slot, wish)) return this.#answer(slot, wish.source, false);
    slot.making = this.#remake(slot, wish);
    try {
      await slot.making;
    } finally {
      slot.making = undefined;
    }
    return this.#answer(slot, wish.source, true);
  }

  /** Forgets all values, and ends what is being made. It can go on: for another key. */
  clear(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    for (const { held } of this.#slots.values()) held?.value.wipe();
    this.#slots.clear();
  }

  #isDue(slot: Slot, { source, refused }: ValueWish): boolean {
    const now = this.#time.now();
    if (slot.failed !== undefined && elapsedMs(slot.failed.at, now) < source.failureTtl * 1000) return false;
    if (slot.held === undefined || valueLifeLeft(slot.held.life, now).freshMs === 0) return true;
    return refused === tagOf(slot.held.value) && (slot.remade === undefined || elapsedMs(slot.remade, now) >= Math.max(source.failureTtl * 1000, REFUSAL_PAUSE_MS_MIN));
  }

  async #remake(slot: Slot, { source, refused, open }: ValueWish): Promise<void> {
    const { signal } = this.#stop;
    if (slot.held !== undefined && refused === tagOf(slot.held.value)) slot.remade = this.#time.now();
    const sealed = await open();
    try {
      const { value, expiresMs } = await this.#make({ source, sealed, nowMs: this.#time.now().wallMs, signal });
      const life = startValueLife(this.#time.now(), expiresMs, source.ttl === null ? undefined : source.ttl * 1000);
      if (life === undefined || signal.aborted) {
        value.wipe();
        throw new SourceFailure({ reason: signal.aborted ? "stopped" : "expired", said: "" });
      }
      slot.held?.value.wipe();
      slot.held = { value, life };
      slot.failed = undefined;
    } catch (error) {
      // Nothing else of an error is told: it may quote a value.
      slot.failed = { failure: error instanceof SourceFailure ? error.failure : { reason: "failed", said: "" }, at: this.#time.now() };
    } finally {
      sealed.wipe();
    }
  }

  #answer({ held, failed }: Slot, { failureTtl }: LivingSource, isNew: boolean): ValueAnswer {
    const now = this.#time.now();
    const retryMs = failed === undefined ? 0 : Math.max(0, Math.ceil(failureTtl * 1000 - elapsedMs(failed.at, now)));
    const left = held === undefined ? undefined : valueLifeLeft(held.life, now);
    // One that could not be made anew in time is good as yet.
    if (held !== undefined && left !== undefined && left.goodMs > 0) return { kind: "value", value: new Secret(held.value.reveal().slice()), goodMs: left.goodMs, freshMs: Math.max(left.freshMs, Math.min(left.goodMs, retryMs)), isNew: isNew && failed === undefined };
    return { kind: "no-value", failure: failed?.failure ?? { reason: "stopped", said: "" }, retryMs, isNew };
  }

  /** The one that was asked for longest ago goes first. */
  #slotOf(mark: string): Slot {
    const slot = this.#slots.get(mark) ?? { held: undefined, failed: undefined, remade: undefined, making: undefined };
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

/** A record that was given another source, or other sealed bytes, is another: what was made of the old one does not count for it. */
function markOf(vaultId: Uint8Array, { id, source, value }: SecretRecord): string {
  return hash("sha256", JSON.stringify([encodeBase64(vaultId), id, encodeSource(source), value.nonce, value.ciphertext]), "base64");
}
