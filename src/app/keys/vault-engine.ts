// The engine that a vault is on, for those whose vault is on one: all others pay for one look.
import type { Credentials } from "../../engines/credentials.ts";
import type { Engine } from "../../engines/engine.ts";
import { VaultError } from "../../errors.ts";
import type { OpenEngine } from "../../paths.ts";
import { Secret } from "../../secret.ts";
import type { StoreFile } from "../../store/store-file.ts";
import { isOnEngine, readStoreFile } from "../../store/store-file.ts";
import type { Surroundings } from "../surroundings.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** A password for the store, or `accessKeyId:secretAccessKey` for S3. It comes before the keyring, and before the variables that other programs of the user's may need. */
export const STORE_PASSWORD = "VAULT_STORE_PASSWORD";

/** What S3's own programs read. */
export const S3_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;

/** In the keyring, the entries of stores' passwords; the account is the locator, so that another locator gets no password of this one's. */
export const STORE_SERVICE = "vault-store";

/** Finds the engine of the vault in a folder. Nothing is opened before it is used, and then once. @param variables where the store's password may stand. */
export function engineFinder(variables: Variables): (dataFolder: string) => OpenEngine | undefined {
  return (dataFolder) => {
    if (!isOnEngine(dataFolder)) return undefined;
    return once(async () => {
      const file = readStoreFile(dataFolder);
      if (file === undefined) throw new VaultError("busy", "the vault was moved meanwhile", "try again");
      return openStore(file, variables);
    });
  };
}

/** What was not opened is tried again the next time. */
export function once(open: OpenEngine): OpenEngine {
  let opened: Promise<Engine> | undefined;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

/** @param password that is known already. @throws VaultError `store-unavailable` where the password cannot be had; what the locator's parser says. */
export async function openStore(file: StoreFile, variables: Variables, password?: Secret): Promise<Engine> {
  // Only here: no vault that is a file is to wait for it.
  const [{ openEngine }, { parseLocator }] = await Promise.all([import("../../engines/open-engine.ts"), import("../../engines/locator.ts")]);
  const { locator } = parseLocator(file.store);
  return openEngine(locator, await findCredentials(file, variables, password));
}

async function findCredentials(file: StoreFile, variables: Variables, known: Secret | undefined): Promise<Credentials> {
  const [{ credentialsFor }, { parseLocator }] = await Promise.all([import("../../engines/credentials.ts"), import("../../engines/locator.ts")]);
  return credentialsFor(parseLocator(file.store).locator, variables, known ?? (await findPassword(file, variables)));
}

async function findPassword({ store, password }: StoreFile, variables: Variables): Promise<Secret | undefined> {
  const given = variables[STORE_PASSWORD] ?? "";
  if (given !== "") return Secret.fromText(given);
  if (password !== "keyring") return undefined;
  const { askKeyringText } = await import("../../keys/keyring.ts");
  const answer = await askKeyringText({ service: STORE_SERVICE, account: store });
  if (answer.kind === "entry") return answer.text;
  throw new VaultError("store-unavailable", `the password of the store ${store} cannot be had: ${answer.kind === "no-entry" ? "its keyring entry is gone" : "the keyring is locked, or not there"}`, `unlock the keyring, or set ${STORE_PASSWORD}`);
}

/** What an agent needs to open the store itself, whose environment is empty: the variables, or what the keyring has in their place. Undefined where the vault is the file. */
export async function encodeStoreLogin({ paths, variables }: Pick<Surroundings, "paths" | "variables">): Promise<string | undefined> {
  const file = paths.engine === undefined ? undefined : readStoreFile(paths.dataFolder);
  if (file === undefined) return undefined;
  const password = await findPassword(file, variables);
  const own = Object.fromEntries(S3_VARIABLES.map((name) => [name, variables[name]]));
  const login = password === undefined ? own : { [STORE_PASSWORD]: new TextDecoder().decode(password.reveal()) };
  return JSON.stringify(login);
}

/** @returns no variables for anything but a login that `encodeStoreLogin` has made. */
export function parseStoreLogin(text: string): Variables {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
  } catch {
    return {};
  }
}

/** The names of variables by which this process's environment opens the store, and which no program of a run is to have: whoever has them can put an old vault back, or none. */
export function listStoreVariables({ paths, variables }: Pick<Surroundings, "paths" | "variables">): readonly string[] {
  const file = paths.engine === undefined ? undefined : readStoreFile(paths.dataFolder);
  if (file?.store.startsWith("s3:") !== true || file.password === "keyring" || (variables[STORE_PASSWORD] ?? "") !== "") return [];
  return S3_VARIABLES;
}
