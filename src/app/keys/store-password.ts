// Where this machine keeps the passwords of stores, and whom they are kept from.
import { VaultError } from "../../errors.ts";
import { askKeyringText, keepKeyringText } from "../../keys/keyring.ts";
import type { Secret } from "../../secret.ts";
import { readStoreFile } from "../../store/store-file.ts";
import type { Surroundings } from "../surroundings.ts";
import { findPassword, S3_VARIABLES, STORE_PASSWORD } from "./vault-engine.ts";

/** In the keyring; the account is the locator, so that a store.json which somebody has changed leads to no password of another store's. */
const SERVICE = "vault-store";

/** @throws VaultError `store-unavailable`. */
export async function askKeptPassword(store: string): Promise<Secret> {
  const answer = await askKeyringText({ service: SERVICE, account: store });
  if (answer.kind === "entry") return answer.text;
  throw new VaultError("store-unavailable", `the password of the store ${store} cannot be had: ${answer.kind === "no-entry" ? "its keyring entry is gone" : "the keyring is locked, or not there"}`, `unlock the keyring, or set ${STORE_PASSWORD}`);
}

/** @returns false where there is no keyring that takes it. */
export function keepPassword(store: string, password: Secret): Promise<boolean> {
  return keepKeyringText({ service: SERVICE, account: store }, password);
}

/** What an agent needs to open the store itself, whose environment is empty: the variables, or what the keyring has in their place. Undefined where the vault is the file. */
export async function encodeStoreLogin({ paths, variables }: Pick<Surroundings, "paths" | "variables">): Promise<string | undefined> {
  const file = paths.engine === undefined ? undefined : readStoreFile(paths.dataFolder);
  if (file === undefined) return undefined;
  const password = await findPassword(file, variables, askKeptPassword);
  const own = Object.fromEntries(S3_VARIABLES.map((name) => [name, variables[name]]));
  const login = password === undefined ? own : { [STORE_PASSWORD]: new TextDecoder().decode(password.reveal()) };
  return JSON.stringify(login);
}

/** The names of variables by which this process's environment opens the store, and which no program of a run is to have: whoever has them can put an old vault back, or none. */
export function listStoreVariables({ paths, variables }: Pick<Surroundings, "paths" | "variables">): readonly string[] {
  const file = paths.engine === undefined ? undefined : readStoreFile(paths.dataFolder);
  if (file?.store.startsWith("s3:") !== true || file.password === "keyring" || (variables[STORE_PASSWORD] ?? "") !== "") return [];
  return S3_VARIABLES;
}
