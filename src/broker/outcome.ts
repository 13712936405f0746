// How a run tells its broker of its program's end.
import { constants } from "node:os";
import { findText, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import * as json from "../vault/json-shape.ts";

/** As run/exit-outcome.ts has it. */
export type Outcome =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  | { readonly kind: "not-found" }
  | { readonly kind: "not-executable"; readonly reason: string };

export function encodeOutcome(outcome: Outcome): Uint8Array {
  return utf8(JSON.stringify(outcome));
}

/** @throws VaultError `bad-schema`. */
export function parseOutcome(bytes: Uint8Array): Outcome {
  const found = json.parseObject(parseJson(bytes), "the outcome");
  switch (found["kind"]) {
    case "exited":
      return { kind: "exited", status: json.parseInteger(found["status"], 0, 255, "status") };
    case "signalled": {
      const signal = json.parseText(found["signal"], "signal");
      if (!Object.hasOwn(constants.signals, signal)) throw new VaultError("bad-schema", "signal: expected a signal");
      return { kind: "signalled", signal: signal as NodeJS.Signals };
    }
    case "not-found":
      return { kind: "not-found" };
    case "not-executable":
      return { kind: "not-executable", reason: json.parseVisibleText(found["reason"], 64, "reason") };
    default:
      throw new VaultError("bad-schema", "the outcome: expected one of four kinds");
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(findText(bytes) ?? "");
  } catch {
    throw new VaultError("bad-schema", "the outcome: expected JSON");
  }
}
