// The person at this terminal, for a login: a browser where there is one, lines on stderr, and a secret from where secrets come from.
import type { LoginPerson } from "../../app/logins/login-person.ts";
import { note } from "../output/terminal.ts";
import { visible } from "../output/visible-text.ts";
import { hasBrowser, openAddress } from "../pages/browser.ts";
import { openRedirect } from "../pages/redirect-listener.ts";
import { findClientSecret } from "./secret-input.ts";

/** @param secretFile the value of `--client-secret-file`. */
export function makeLoginPerson(secretFile: string | undefined): LoginPerson {
  return {
    hasBrowser: hasBrowser(process.env),
    openRedirect,
    openPage: (address) => openAddress(address, process.env),
    tell: (line) => { note(visible(line)); },
    findClientSecret: (isNeeded) => findClientSecret(secretFile, isNeeded),
  };
}
