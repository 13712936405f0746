// The source `command`: a program of the person's prints the value.
import type { LivingSource } from "../../vault/source.ts";
import { runForOutput } from "./bounded-program.ts";
import { readPrinted } from "./printed-value.ts";
import { parseCommandOrder } from "./sealed-order.ts";
import type { MadeValue, MakeOrder } from "./source-maker.ts";

/** @throws SourceFailure. */
export async function makeByCommand({ source, sealed, signal }: MakeOrder<Extract<LivingSource, { readonly kind: "command" }>>): Promise<MadeValue> {
  const { command, environment } = parseCommandOrder(sealed);
  return readPrinted(await runForOutput({ command, environment, timeoutMs: source.timeout * 1000, signal }));
}
