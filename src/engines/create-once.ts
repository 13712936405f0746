// Makes an entry where there is none, whatever becomes of the connection meanwhile.
import { VaultError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import { digestOf } from "./engine.ts";

/** A connection that is cut each time between the question and its answer is no connection. */
const ATTEMPTS_MAX = 5;

/**
 * `done`: the entry has these bytes, durably, and this call has made it, or one before it whose answer was lost. `changed`: there is one already, and it was left as it is.
 *
 * @throws VaultError `store-unavailable`.
 */
export async function createOnce(engine: Engine, name: string, bytes: Uint8Array): Promise<"done" | "changed"> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const replaced = await engine.replace(name, bytes, undefined);
    if (replaced !== "unknown") return replaced;
    const found = await engine.read(name, digestOf(bytes));
    if (found.kind === "same") return "done";
    if (found.kind === "bytes") return "changed";
  }
  throw new VaultError("store-unavailable", `the store ${engine.where} was asked ${ATTEMPTS_MAX} times, and the answer was lost each time`, "check the connection to it");
}
