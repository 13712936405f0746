// Makes a value here and now, to see whether that works: for the person, who hears what the program says.
import { makeValue } from "../../agent/sources/makers.ts";
import type { MadeValue } from "../../agent/sources/source-maker.ts";
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { SecretBinding } from "../../vault/record.ts";
import type { LivingSource } from "../../vault/source.ts";
import { requireStorable } from "../secrets/value-rules.ts";
import { describeFailure } from "./failure-text.ts";

/** The value; the caller wipes it. `sealed` stays the caller's. @throws SourceFailure; VaultError `usage` for a value that could not be used where the binding lets it go. */
export async function makeOnce({ name, places }: Pick<SecretBinding, "name" | "places">, source: LivingSource, sealed: Secret, now: Date): Promise<MadeValue> {
  const made = await makeValue({ source, sealed, nowMs: now.getTime(), signal: new AbortController().signal });
  try {
    if (made.expiresMs !== undefined && made.expiresMs <= now.getTime()) throw new SourceFailure({ reason: "expired", said: "" });
    requireStorable(name, made.value, places);
    return made;
  } catch (error) {
    made.value.wipe();
    throw error;
  }
}

/** The same, for whoever wants to know nothing but whether it works. @throws VaultError `no-value`, `usage`. */
export async function trySource(binding: Pick<SecretBinding, "name" | "places">, source: LivingSource, sealed: Secret, now: Date): Promise<Secret> {
  const { name } = binding;
  try {
    return (await makeOnce(binding, source, sealed, now)).value;
  } catch (error) {
    if (error instanceof SourceFailure) throw new VaultError("no-value", `there is no value of "${name}": ${describeFailure(error.failure)}`, source.kind === "command" || source.kind === "reference" ? "try the program by itself; a variable that it needs is kept by --keep-env NAME" : undefined);
    throw error;
  }
}
