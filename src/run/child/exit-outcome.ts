// How a child ended, and the exit status that says so.
import { constants } from "node:os";

// A type alias and not an interface: only these are assignable to an audit event's index signature.
export type ExitOutcome =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  /** No file of that name, or a script whose interpreter is missing. */
  | { readonly kind: "not-found" }
  /** There, but the system does not execute it; `reason` is its error code, such as `EACCES`. */
  | { readonly kind: "not-executable"; readonly reason: string };

/** The statuses of `env`, `nohup` and the shells (POSIX.1-2024, Shell Command Language 2.8.2). */
export function statusOf(outcome: ExitOutcome): number {
  switch (outcome.kind) {
    case "exited":
      return outcome.status;
    case "signalled":
      return 128 + constants.signals[outcome.signal];
    case "not-found":
      return 127;
    case "not-executable":
      return 126;
  }
}
