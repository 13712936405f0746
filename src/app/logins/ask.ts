// How a login speaks to servers: over HTTPS with the same limits as a refresh, and what goes wrong is told to the person.
import { limitedFetch } from "../../agent/sources/https-fetch.ts";
import type { Question } from "../../agent/sources/https-fetch.ts";
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import { VaultError } from "../../errors.ts";
import { isEndpoint } from "../../vault/source.ts";
import { describeFailure } from "../sources/failure-text.ts";

/** @throws SourceFailure. */
export type Ask = (url: string, question?: Question) => Promise<Response>;

/** @param roots PEM, trusted besides what this Node trusts. */
export function makeAsk(roots: string | null, signal: AbortSignal): Ask {
  return limitedFetch({ roots, signal });
}

/** @param what where it was written, for the message. @throws VaultError `usage` unless it is a https URL without credentials and fragment. */
export function requireUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isEndpoint(url.href)) throw new VaultError("usage", `${what} is not a plain https URL`, "such as https://login.example.com");
  return url;
}

/** Of what a server has done, to the person who logs in. @param what was tried: "the login at GitHub". @throws VaultError `no-value` in the place of a SourceFailure; anything else as it is. */
export async function toldFailures<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    const { reason, said } = error.failure;
    if (reason === "denied" || reason === "over") throw new VaultError("no-value", `${what} did not succeed: it was refused${said === "" ? "" : `, with ${said}`}`);
    // Not its token endpoint alone: metadata, registration and codes have their own.
    if (reason === "unreachable") throw new VaultError("no-value", `${what} did not succeed: the server cannot be reached${said === "" ? "" : ` (${said})`}`, "see whether the address is right; a private root goes into --upstream-ca FILE");
    throw new VaultError("no-value", `${what} did not succeed: ${describeFailure(error.failure)}`);
  }
}
