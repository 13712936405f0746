// Google's client libraries take their credentials from a file: in a run it has the placeholder in each place of a secret.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";

/** By which libraries find the file. */
export const GOOGLE_FILE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS";
/** Of `gcloud`, and of Terraform. */
export const GOOGLE_TOKEN_VARIABLES = ["CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"] as const;

/**
 * A user's file rather than a service account's, for which libraries sign tokens themselves. Those for Python take the token that stands in it;
 * all others ask https://oauth2.googleapis.com/token, where the run's proxy answers.
 *
 * @returns its path. @throws VaultError `io`.
 */
export function writeGoogleFile(folder: string, placeholder: string): string {
  const path = join(folder, "google.json");
  const user = { type: "authorized_user", client_id: "vault", client_secret: "vault", refresh_token: placeholder, token: placeholder, expiry: "2999-12-31T23:59:59Z", universe_domain: "googleapis.com" };
  try {
    writeFileSync(path, JSON.stringify(user), { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return path;
}
