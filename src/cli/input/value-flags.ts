import { Flags } from "@oclif/core";
import type { Secret } from "../../secret.ts";
import { requireValue } from "./secret-input.ts";
import type { EntryDetails } from "../pages/value-entry.ts";

/** The ways in for a secret's value, beside piped stdin and the prompt. */
export const valueFlags = {
  "from-file": Flags.string({ description: "read the value from a file, - for stdin", helpValue: "F", exclusive: ["browser"] }),
  browser: Flags.boolean({ description: "enter the value on a page of this machine, in the browser" }),
};

/** @throws VaultError `usage`, `io`. */
export async function askValue(secret: EntryDetails, flags: { readonly browser: boolean; readonly "from-file": string | undefined }): Promise<Secret> {
  // Only here: with it comes a server.
  if (flags.browser) return (await import("../pages/browser-input.ts")).askInBrowser(secret);
  return requireValue(secret.name, flags["from-file"]);
}
