// One secret of a run whose value is made when it is needed: asked of the agent, kept while it is good, and asked for anew when the vault has changed.
import type { Failure } from "../../agent/sources/source-maker.ts";
import type { ValueAnswer } from "../../agent/sources/value-store.ts";
import { tagOf } from "../../agent/sources/value-store.ts";
import type { Instant } from "../../agent/time/lifetime.ts";
import { elapsedMs } from "../../agent/time/lifetime.ts";
import { systemTime } from "../../agent/time/time.ts";
import { VaultError } from "../../errors.ts";
import type { LivingValue } from "../../proxy/grants/living-value.ts";
import { Secret } from "../../secret.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { UNDER_WAY_MS, watchVaultFile } from "../keys/vault-watch.ts";
import { openRenewedValue } from "./renewed-value.ts";

/** What an earlier value may still be met in: answers under way, and what a server has kept. No program brings about so many while the first of them is good: see `REFUSALS_MAX` of value-store.ts. */
const EARLIER_MAX = 16;
/** How soon a source that has failed is asked about again. */
const RETRY_MS_MIN = 200;

/** Asks the agent, with the record as the vault has it now. @throws VaultError. */
export type AskValue = (record: SecretRecord, refused: string | undefined) => Promise<ValueAnswer>;

export interface LivingValueOptions {
  readonly record: SecretRecord;
  readonly ask: AskValue;
  readonly vaultFile: string;
  /** Hears why there is no value. */
  readonly complain: (name: string, failure: Failure | VaultError) => void;
}

/** `value` is empty at first: nothing is made before it is needed. */
export function openLivingValue({ record, ask, vaultFile, complain }: LivingValueOptions): { readonly value: Secret; readonly living: LivingValue } {
  const renewed = openRenewedValue(new Secret(new Uint8Array()), EARLIER_MAX);
  const { value, generation } = renewed;
  const look = watchVaultFile(vaultFile);
  let life: { readonly at: Instant; readonly freshMs: number; readonly goodMs: number } | undefined;
  let failedAt: { readonly at: Instant; readonly retryMs: number } | undefined;
  let seen: string | undefined;
  let askedMs = -Infinity;
  /** The generation that a host has refused, and that nobody has asked about since. */
  let refusedOf: number | undefined;
  let asking: Promise<void> | undefined;

  const since = (at: Instant): number => elapsedMs(at, systemTime.now());
  const isGood = (): boolean => life !== undefined && since(life.at) < life.goodMs;
  const isDue = (): boolean => life === undefined || since(life.at) >= life.freshMs || refusedOf === generation() || look() !== seen;

  const take = (answer: Extract<ValueAnswer, { readonly kind: "value" }>): void => {
    life = { at: systemTime.now(), freshMs: answer.freshMs, goodMs: answer.goodMs };
    failedAt = undefined;
    renewed.put(answer.value);
  };
  const fail = (failure: Failure | VaultError, retryMs: number): void => {
    // What was good before the vault was changed is not what the vault means now.
    if (!isGood() || failure instanceof VaultError) life = undefined;
    failedAt = { at: systemTime.now(), retryMs: Math.max(retryMs, RETRY_MS_MIN) };
    complain(record.name, failure);
  };
  const askNow = async (refused: string | undefined): Promise<void> => {
    seen = look(true);
    refusedOf = undefined;
    try {
      const answer = await ask(record, refused);
      if (answer.kind === "value") take(answer);
      else fail(answer.failure, answer.retryMs);
    } catch (error) {
      fail(error instanceof VaultError ? error : new VaultError("io", "the agent could not be asked"), 0);
    }
    askedMs = performance.now();
  };
  /** One question at a time: who comes meanwhile takes its answer. */
  const askOnce = (refused?: string): Promise<void> => (asking ??= askNow(refused).finally(() => { asking = undefined; }));

  const living: LivingValue = {
    isMade: true,
    generation,
    // It may have been deleted since.
    isGood: () => isGood() && (look() === seen || performance.now() - askedMs < UNDER_WAY_MS),
    isDue,
    earlier: () => renewed.earlier,
    onRenewed: renewed.onRenewed,
    async prepare() {
      if (!isDue() || (failedAt !== undefined && look() === seen && since(failedAt.at) < failedAt.retryMs)) return;
      await askOnce(refusedOf === generation() ? tagOf(value) : undefined);
    },
    noteRefused(of) {
      refusedOf = of;
    },
    async renewRefused(of) {
      if (asking !== undefined) await asking;
      if (generation() === of) await askOnce(tagOf(value));
      return generation() !== of && isGood();
    },
  };
  return { value, living };
}
