// The engine that a vault is on, for those whose vault is on one: all others pay for one look.
import type { Engine } from "../../engines/engine.ts";
import { VaultError } from "../../errors.ts";
import type { OpenEngine } from "../../paths.ts";
import { Secret } from "../../secret.ts";
import type { StoreFile } from "../../store/store-file.ts";
import { isOnEngine, readStoreFile } from "../../store/store-file.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** A password for the store, or `accessKeyId:secretAccessKey` for S3. It comes before the keyring, and before the variables that other programs of the user's may need. */
export const STORE_PASSWORD = "VAULT_STORE_PASSWORD";

/** What S3's own programs read. */
export const S3_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;

/** Finds the password of a store that is kept elsewhere than in variables. @throws VaultError `store-unavailable`. */
export type KeptPassword = (store: string) => Promise<Secret>;

/**
 * Finds the engine of the vault in a folder. Nothing is opened before it is used, and then once.
 *
 * @param variables where the store's password may stand. @param findKept for one in the keyring; undefined where none can be asked.
 */
export function engineFinder(variables: Variables, findKept: KeptPassword | undefined): (dataFolder: string) => OpenEngine | undefined {
  return (dataFolder) => {
    if (!isOnEngine(dataFolder)) return undefined;
    return once(async () => {
      const file = readStoreFile(dataFolder);
      if (file === undefined) throw new VaultError("busy", "the vault was moved meanwhile", "try again");
      return openStore(file, await findPassword(file, variables, findKept), variables);
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

/** @param password where it is known: for S3, `accessKeyId:secretAccessKey`. @throws VaultError `store-unavailable` where there are no keys for S3; what the locator's parser says. */
export async function openStore({ store }: Pick<StoreFile, "store">, password: Secret | undefined, variables: Variables): Promise<Engine> {
  // Only here: no vault that is a file is to wait for it.
  const [{ openEngine }, { parseLocator }, { credentialsFor }] = await Promise.all([import("../../engines/open-engine.ts"), import("../../engines/locator.ts"), import("../../engines/credentials.ts")]);
  const { locator } = parseLocator(store);
  return openEngine(locator, credentialsFor(locator, variables, password));
}

/** @returns undefined where there is none, or where S3's own variables have it. @throws VaultError `store-unavailable`. */
export async function findPassword({ store, password }: StoreFile, variables: Variables, findKept: KeptPassword | undefined): Promise<Secret | undefined> {
  const given = variables[STORE_PASSWORD] ?? "";
  if (given !== "") return Secret.fromText(given);
  return password === "keyring" ? findKept?.(store) : undefined;
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

