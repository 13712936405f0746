// A store that the person names, with its password.
import { parseLocator } from "../../engines/locator.ts";
import type { OpenEngine } from "../../paths.ts";
import type { Secret } from "../../secret.ts";
import type { StoreFile } from "../../store/store-file.ts";
import { askKeptPassword, keepPassword } from "../keys/store-password.ts";
import { findPassword, once, openStore, STORE_PASSWORD } from "../keys/vault-engine.ts";
import type { Surroundings } from "../surroundings.ts";

export interface NamedStore {
  readonly file: StoreFile;
  readonly open: OpenEngine;
}

/**
 * The store of an address, which has answered. A password that came with the address goes to the keyring; where there is none, the person is told to give it each time.
 *
 * @param url without a password. @param given that stood in it.
 * @throws VaultError `usage`, `store-unavailable`.
 */
export async function nameStore({ variables, warn }: Pick<Surroundings, "variables" | "warn">, url: string, given: Secret | undefined): Promise<NamedStore> {
  const store = parseLocator(url).locator.url;
  const inVariable = given === undefined && (variables[STORE_PASSWORD] ?? "") !== "";
  const password = given ?? (inVariable ? await findPassword({ store, password: "variable" }, variables, undefined) : await askKeptPassword(store).catch(() => undefined));
  const engine = await openStore({ store }, password, variables);
  await engine.read("vault");
  const isKept = given === undefined ? !inVariable && password !== undefined : await keepPassword(store, given);
  if (given !== undefined && !isKept) warn(`there is no keyring to keep the store's password in: set ${STORE_PASSWORD} whenever the vault is used`);
  return { file: { store, password: isKept ? "keyring" : "variable" }, open: once(() => Promise.resolve(engine)) };
}
