import type { Failure, FailureReason } from "../../agent/sources/source-maker.ts";
import { VaultError } from "../../errors.ts";

const SENTENCES: Readonly<Record<FailureReason, string>> = {
  "not-started": "its program could not be started",
  failed: "its program failed",
  "timed-out": "it took too long, and was given up",
  "too-long": "it gave more than a value may be",
  empty: "its program printed nothing",
  malformed: "what its program printed is not in the form that was agreed",
  expired: "the value that it gave was over already",
  "bad-order": "what the vault has sealed for it is not in its form",
  "no-store": "this version does not know its store, or its address is not in that store's form",
  stopped: "the vault was locked meanwhile",
  unreachable: "its token endpoint cannot be reached",
  "cut-off": "its token endpoint broke off before it had answered",
  denied: "its token endpoint refused",
  "bad-answer": "what its token endpoint answered is no token",
  changed: "the vault was changed meanwhile",
  unwritten: "its new refresh token could not be put into the vault, and waits in the agent's memory for the next attempt",
  over: "its login is over: it was revoked, has expired, or was used elsewhere",
  lost: "its login is lost: a refresh was cut off before its answer was in the vault",
};
/** Of what a program says, so much is shown. */
const SAID_LENGTH_MAX = 1000;

/** @param reason as the log has it, which a newer version may have written. */
export function describeReason(reason: string): string {
  return isReason(reason) ? SENTENCES[reason] : reason;
}

function isReason(reason: string): reason is FailureReason {
  return Object.hasOwn(SENTENCES, reason);
}

/** What to type next. */
export function findRemedy(failure: Failure | VaultError, name: string): string {
  return !(failure instanceof VaultError) && (failure.reason === "over" || failure.reason === "lost") ? `vault login ${name}` : "vault doctor --try";
}

/** In words for the person alone: with what the program has said on its error stream, which nobody else is to see. */
export function describeFailure({ reason, status, said }: Failure): string {
  const told = said.trim().slice(0, SAID_LENGTH_MAX);
  return `${SENTENCES[reason]}${status === undefined ? "" : ` with status ${status}`}${told === "" ? "" : `, and said: ${told}`}`;
}
