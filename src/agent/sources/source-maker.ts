// The seam between the agent and what values come from. A source is one file here: it exports a `SourceMaker`, and has its line in `makers.ts`. Around it, `value-store.ts` sees to lives, turns and failures.
import type { Secret } from "../../secret.ts";
import type { LivingSource } from "../../vault/source.ts";

/** What a maker gets. Nothing in here comes from the run that asked: who asks has no say in how a value is made. */
export interface MakeOrder<S extends LivingSource = LivingSource> {
  readonly source: S;
  /** What the vault has sealed for it (FORMAT.md, "Sealed values of sources"): the maker's to read, and wiped when it is done. */
  readonly sealed: Secret;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Fires when nobody needs the value any more: the key was locked. What was started has to end then. */
  readonly signal: AbortSignal;
  /** Puts another sealed value in the place of this one, and takes it over: it is in the vault, durably, when this resolves. A maker gives no value out before that. Absent where there is no vault behind it: what would be lost is not asked for then. @throws SourceFailure. */
  readonly keep?: (next: Secret) => Promise<void>;
}

export interface MadeValue {
  readonly value: Secret;
  /** Milliseconds since 1970, where the source says so: from then on the value is worth nothing. */
  readonly expiresMs?: number;
}

/**
 * Makes a value. It is called for one value of a record at a time, and not again within the source's `failureTtl` after it has failed.
 *
 * @throws SourceFailure for whatever hinders it.
 */
export type SourceMaker<S extends LivingSource = LivingSource> = (order: MakeOrder<S>) => Promise<MadeValue>;

/** Why there is no value. For the person: the program in the run is not told. */
export const FAILURES = ["not-started", "failed", "timed-out", "too-long", "empty", "malformed", "expired", "bad-order", "no-store", "stopped", "unreachable", "cut-off", "denied", "bad-answer", "over", "lost", "changed", "unwritten"] as const;
export type FailureReason = (typeof FAILURES)[number];

/** What a source has said on its error stream is for the person's eyes: never logged, never for the program in the run. */
export interface Failure {
  readonly reason: FailureReason;
  /** Its exit status, where that is the reason. */
  readonly status?: number;
  readonly said: string;
}

export class SourceFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`no value: ${failure.reason}`);
    this.name = "SourceFailure";
    this.failure = failure;
  }
}
