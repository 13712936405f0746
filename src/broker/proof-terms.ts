// What a broker has said last that the next proof depends on: its nonce, and by how much its clock is ahead of this machine's.
import type { IncomingHttpHeaders } from "node:http";
import { NONCE_HEADER } from "./front.ts";

export interface ProofTerms {
  /** What proofs must repeat. */
  readonly nonce: () => string;
  /** By the broker's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** @param used the nonce that the proof of this request has repeated. @returns whether a proof would be another one now. */
  readonly hear: (headers: IncomingHttpHeaders, used: string) => boolean;
}

/** `Date` has whole seconds. */
const CLOCK_STEP_MS = 2_000;

/** @param now milliseconds since 1970, by this machine's clock. */
export function openProofTerms(now: () => number): ProofTerms {
  let aheadMs = 0;
  let nonce = "";
  return {
    nonce: () => nonce,
    now: () => now() + aheadMs,
    hear(headers, used) {
      const beforeMs = aheadMs;
      const told = Date.parse(headers.date ?? "");
      if (!Number.isNaN(told)) aheadMs = told - now();
      const next = headers[NONCE_HEADER];
      if (typeof next === "string" && /^[0-9a-f]{0,64}$/.test(next)) nonce = next;
      return used !== nonce || Math.abs(aheadMs - beforeMs) > CLOCK_STEP_MS;
    },
  };
}
