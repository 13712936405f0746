// Authorization code with PKCE (RFC 6749, 7636, 8252): what the browser is sent out with, and what it has to come back with. Pure.
import { hash, randomBytes } from "node:crypto";
import { validateAuthResponse } from "oauth4webapi";
import { VaultError } from "../../errors.ts";
import { visibleAscii } from "./said.ts";
import type { LoginTarget } from "./login-target.ts";

/** Drawn for one login. None of it stands in an argument list, and the verifier not even in an address. */
export interface CodeSecrets {
  readonly state: string;
  readonly verifier: string;
}

export interface CodeRequest extends CodeSecrets {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
}

/** 256 bits each; RFC 7636 wants 43 characters at least. */
export function drawCodeSecrets(): CodeSecrets {
  return { state: randomBytes(32).toString("base64url"), verifier: randomBytes(32).toString("base64url") };
}

type Asked = Pick<LoginTarget, "endpoints" | "pkce" | "resource" | "scopes" | "authorizationParameters">;

/** @param endpoint the authorization endpoint; a query of its own stays (RFC 6749, section 3.1). */
export function authorizationUrl(endpoint: string, { pkce, resource, scopes: { separator }, authorizationParameters }: Asked, { clientId, redirectUri, scopes, state, verifier }: CodeRequest): string {
  const url = new URL(endpoint);
  for (const { name, value } of authorizationParameters) url.searchParams.set(name, value);
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(separator) }),
    ...(pkce ? { code_challenge: hash("sha256", verifier, "base64url"), code_challenge_method: "S256" } : {}),
    ...(resource === undefined ? {} : { resource }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/**
 * The code, of the answer that the browser came back with.
 *
 * @param parameters with the right state: whatever has another one is no answer.
 * @throws VaultError `no-value` where the provider, or the person there, said no; and for an answer of another issuer (RFC 9207), whose code would be shown to the wrong server.
 */
export function readArrival({ title, issuer, namesItself }: Pick<LoginTarget, "title" | "issuer" | "namesItself">, clientId: string, state: string, parameters: URLSearchParams): string {
  const answer = new URLSearchParams(parameters);
  // Who it is by its own words is known from metadata alone. Where there are none, its endpoints are this program's own data, and it can be no other.
  if (issuer === undefined) answer.delete("iss");
  const server = { issuer: issuer ?? "https://unnamed.invalid", authorization_response_iss_parameter_supported: namesItself };
  try {
    const code = validateAuthResponse(server, { client_id: clientId }, answer, state).get("code");
    if (code !== null && code !== "") return code;
  } catch {
    if (answer.getAll("iss").every((one) => one === issuer) && (!namesItself || answer.has("iss")) && answer.getAll("state").length === 1) {
      const [word = ""] = answer.getAll("error");
      if (word === "access_denied") throw new VaultError("no-value", `${title} gave no login: it was declined there`);
      const said = answer.get("error_description") ?? "";
      if (word !== "") throw new VaultError("no-value", `${title} gave no login, and said: ${visibleAscii(word, 64)}${said === "" ? "" : ` (${visibleAscii(said, 300)})`}`);
    }
    throw new VaultError("no-value", `the answer to the login was not that of ${title}`, "start the command again; should it happen again, somebody answers in its place");
  }
  throw new VaultError("no-value", `${title} sent the browser back without a code`);
}
