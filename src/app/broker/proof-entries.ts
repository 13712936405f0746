// Which proofs any broker on a store has taken: an entry each, made where there is none.
import { hash } from "node:crypto";
import { utf8 } from "../../bytes.ts";
import type { Engine } from "../../engines/engine.ts";
import { digestOf } from "../../engines/engine.ts";
import { VaultError } from "../../errors.ts";
import type { Proof } from "../../identity/proof.ts";

export interface ProofEntries {
  /** True for the first broker that asks with this proof. @throws VaultError `store-unavailable`, also where nobody can say. */
  take(proof: Proof): Promise<boolean>;
  /** Removes some of those whose time is over. @throws VaultError `store-unavailable`. */
  sweep(nowMs: number): Promise<void>;
}

const MINUTE = 60;
/** Behind the minute in which a proof ends: clocks may differ by half a minute, and by how much they do nobody knows. */
const KEPT_SECONDS = 2 * MINUTE;
/** Of another broker, which will not remove them any more. */
const FORGOTTEN_SECONDS = 15 * MINUTE;
const SWEEP_MAX = 2_000;
const AT_ONCE = 20;
const MARK = utf8("1");
const MARK_DIGEST = digestOf(MARK);

/** Such as `proof/000029876543/0123…`. */
function proofName({ did, id, expires }: Proof): string {
  return `proof/${String(Math.floor(expires / MINUTE)).padStart(12, "0")}/${hash("sha256", `${did} ${id}`, "hex").slice(0, 32)}`;
}

export function openProofEntries(engine: Engine): ProofEntries {
  /** Of this broker's own, the oldest first, or nearly so. */
  let made: { readonly name: string; readonly goneMs: number }[] = [];
  let forgottenMs = 0;
  const remove = async (names: readonly string[]): Promise<void> => {
    for (let at = 0; at < names.length; at += AT_ONCE) await Promise.all(names.slice(at, at + AT_ONCE).map((name) => engine.replace(name, undefined, MARK_DIGEST)));
  };
  const sweepForgotten = async (nowMs: number): Promise<void> => {
    const page = await engine.list("proof/", "", SWEEP_MAX);
    await remove(page.map(({ name }) => name).filter((name) => (Number(name.split("/")[1]) * MINUTE + FORGOTTEN_SECONDS) * 1000 < nowMs));
  };
  return {
    async take(proof) {
      const name = proofName(proof);
      const replaced = await engine.replace(name, MARK, undefined);
      if (replaced === "unknown") throw new VaultError("store-unavailable", `the store ${engine.where} did not say whether a proof was new`);
      if (replaced === "done") made.push({ name, goneMs: ((Math.floor(proof.expires / MINUTE) + 1) * MINUTE + KEPT_SECONDS) * 1000 });
      return replaced === "done";
    },
    async sweep(nowMs) {
      const due = made.filter(({ goneMs }) => goneMs < nowMs).slice(0, SWEEP_MAX);
      if (due.length > 0) {
        const gone = new Set(due);
        made = made.filter((one) => !gone.has(one));
        await remove(due.map(({ name }) => name));
      }
      if (nowMs - forgottenMs < FORGOTTEN_SECONDS * 1000) return;
      forgottenMs = nowMs;
      await sweepForgotten(nowMs);
    },
  };
}
