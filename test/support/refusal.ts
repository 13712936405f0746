import type { ErrorCode } from "../../src/errors.ts";
import { VaultError } from "../../src/errors.ts";

/** The code of the VaultError that an act ends in, or undefined where it succeeds. Any other error is a bug and goes on up. */
export async function refusalOf(act: () => unknown): Promise<ErrorCode | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof VaultError) return error.code;
    throw error;
  }
}
