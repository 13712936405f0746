// What a store asks of who comes: from the environment, or handed over by the caller, who has it from the keyring.
import { VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Locator } from "./locator.ts";

export type Credentials = PasswordCredentials | KeyCredentials;

export interface PasswordCredentials {
  readonly kind: "password";
  readonly password: Secret | undefined;
}

export interface KeyCredentials {
  readonly kind: "keys";
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | undefined;
}

/** Where a password for PostgreSQL or Redis is looked for. */
const PASSWORD_VARIABLE = "VAULT_STORE_PASSWORD";

/**
 * @param password that the caller has from elsewhere, such as the keyring: for S3 `accessKeyId:secretAccessKey`. It comes before the environment.
 * @throws VaultError `store-unavailable` where S3 has no keys.
 */
export function credentialsFor(locator: Locator, environment: Readonly<Record<string, string | undefined>>, password?: Secret): Credentials {
  if (locator.kind !== "s3") return { kind: "password", password: password ?? given(environment[PASSWORD_VARIABLE]) };
  if (password !== undefined) {
    const bytes = password.reveal();
    const colon = bytes.indexOf(0x3a);
    if (colon > 0) return { kind: "keys", accessKeyId: new TextDecoder().decode(bytes.subarray(0, colon)), secretAccessKey: new Secret(bytes.slice(colon + 1)), sessionToken: undefined };
  }
  const [accessKeyId, secretAccessKey] = [environment["AWS_ACCESS_KEY_ID"], given(environment["AWS_SECRET_ACCESS_KEY"])];
  if (accessKeyId === undefined || accessKeyId === "" || secretAccessKey === undefined) throw new VaultError("store-unavailable", `the store "${locator.url}" cannot be used: there are no keys for it`, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  return { kind: "keys", accessKeyId, secretAccessKey, sessionToken: given(environment["AWS_SESSION_TOKEN"]) };
}

function given(value: string | undefined): Secret | undefined {
  return value === undefined || value === "" ? undefined : Secret.fromText(value);
}
