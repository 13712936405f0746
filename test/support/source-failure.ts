import type { Failure } from "../../src/agent/sources/source-maker.ts";
import { SourceFailure } from "../../src/agent/sources/source-maker.ts";

/** Why a value could not be made. @throws whatever else went wrong. */
export async function failureOf(made: Promise<unknown>): Promise<Failure> {
  try {
    await made;
  } catch (error) {
    if (error instanceof SourceFailure) return error.failure;
    throw error;
  }
  throw new Error("it gave a value");
}
