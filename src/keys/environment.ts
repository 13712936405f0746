import { VaultError } from "../errors.ts";
import type { Kek } from "../vault/key-bytes.ts";
import { parseKeyText } from "./key-text.ts";
import type { StagedKey } from "./provider.ts";
import { doNothing } from "./provider.ts";

export const DEFAULT_VARIABLE = "VAULT_MASTER_KEY";

/** @throws VaultError `key-unavailable` where the variable is unset or empty, `wrong-key` where it holds no key. */
export function loadFromVariable(variables: Readonly<Record<string, string | undefined>>, name: string): Kek {
  // Objects inherit names (`constructor`) that are no variables.
  const text = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (text === undefined || text === "") throw new VaultError("key-unavailable", `the variable "${name}" is not set`, `set it to the base64 of the vault's key, or to a new one made with: head -c 32 /dev/urandom | base64`);
  return parseKeyText(text, `the variable "${name}"`);
}

/** The key has to stand in the variable already: this program cannot set it for the next command. */
export function stageVariable(variables: Readonly<Record<string, string | undefined>>, name: string): StagedKey {
  return { locator: { provider: "env", variable: name }, kek: loadFromVariable(variables, name), settle: doNothing, discard: doNothing };
}
