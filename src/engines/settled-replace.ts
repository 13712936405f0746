// Compare and swap whose answer may be lost: settled by reading back.
import { VaultError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import { digestOf } from "./engine.ts";

/** A connection that is cut each time between the question and its answer is no connection. */
const ATTEMPTS_MAX = 5;

/**
 * As `Engine.replace`, for bytes that no other ever writes under this name: what is found there afterwards tells whose they are.
 *
 * @param bytes undefined removes the entry.
 * @param expected undefined where there must be none.
 * @returns `changed` also where ours were written and replaced again before anybody looked.
 * @throws VaultError `store-unavailable`: it may have been done or not.
 */
export async function replaceSettled(engine: Engine, name: string, bytes: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<"done" | "changed"> {
  const [ours, before] = [stateOf(bytes), stateOf(expected)];
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const replaced = await engine.replace(name, bytes, before);
    // After a question whose answer was lost, what has changed may be that it arrived late.
    if (replaced === "done" || (replaced === "changed" && attempt === 1)) return replaced;
    const found = await engine.read(name, ours);
    const now = found.kind === "same" ? ours : found.kind === "none" ? undefined : stateOf(found.bytes);
    if (now === ours) return "done";
    if (now !== before) return "changed";
  }
  throw new VaultError("store-unavailable", `the store "${engine.where}" was asked ${ATTEMPTS_MAX} times, and did not tell whether it made the change`, "check the connection to it, and look at the server's own log");
}

function stateOf(bytes: Uint8Array | undefined): ReturnType<typeof digestOf> | undefined {
  return bytes === undefined ? undefined : digestOf(bytes);
}
