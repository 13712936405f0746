// The source `reference`: the value lies in another store, whose own program is asked for it (stores.ts).
import type { LivingSource } from "../../vault/source.ts";
import { runForOutput } from "./bounded-program.ts";
import { readFirstLine, readJsonText, readMember, readPlain } from "./printed-value.ts";
import { parseReferenceOrder } from "./sealed-order.ts";
import type { MadeValue, MakeOrder } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";
import { findStore, planQuestion } from "./stores.ts";

/** Stores that ask a person for a fingerprint need a moment. */
const ANSWER_MS = 60_000;

/** @throws SourceFailure; `no-store` for a store, or an address, that this version does not know. */
export async function makeByReference({ source, sealed, signal }: MakeOrder<Extract<LivingSource, { readonly kind: "reference" }>>): Promise<MadeValue> {
  const { address, program, environment } = parseReferenceOrder(sealed);
  const store = findStore(source.store);
  const question = store === undefined ? undefined : planQuestion(store, address);
  if (question === undefined) throw new SourceFailure({ reason: "no-store", said: "" });
  const output = await runForOutput({ command: [program, ...question.args], environment, timeoutMs: ANSWER_MS, signal });
  if (question.member !== undefined) return { value: readMember(output, question.member) };
  switch (question.answer) {
    case "first-line":
      return { value: readFirstLine(output) };
    case "json-text":
      return { value: readJsonText(output) };
    default:
      return { value: readPlain(output) };
  }
}
