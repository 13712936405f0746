import { VaultError } from "../../src/errors.ts";

/** The code of the error that this throws, undefined where it throws none. @throws what is no VaultError. */
export function refusalCode(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof VaultError) return error.code;
    throw error;
  }
}
