// A client of this login's own (RFC 7591): the server gives it when it is asked, and the user needs nothing.
import { customFetch, dynamicClientRegistrationRequest } from "oauth4webapi";
import { VaultError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Flow } from "../../providers/entry.ts";
import type { Ask } from "./ask.ts";
import type { LoginClient } from "./login-client.ts";
import { findObject, visibleAscii } from "./said.ts";

const GRANT = { browser: "authorization_code", device: "urn:ietf:params:oauth:grant-type:device_code" } as const;

export interface RegistrationWish {
  readonly title: string;
  readonly endpoint: string;
  readonly flow: Flow;
  /** Undefined for a flow that sends no browser back. */
  readonly redirectUri: string | undefined;
  readonly scopes: readonly string[];
}

/** What is registered: a public client, since a program on somebody's machine keeps no secret of its maker's (RFC 8252, section 8.5). */
function registrationOf({ flow, redirectUri, scopes }: RegistrationWish): Record<string, string | string[]> {
  return {
    client_name: "vault",
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: [GRANT[flow], "refresh_token"],
    response_types: flow === "browser" ? ["code"] : [],
    redirect_uris: redirectUri === undefined ? [] : [redirectUri],
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
  };
}

/** @throws VaultError `no-value`; what `ask` throws. */
export async function registerClient(wish: RegistrationWish, ask: Ask): Promise<LoginClient> {
  const server = { issuer: wish.endpoint, registration_endpoint: wish.endpoint };
  const response = await dynamicClientRegistrationRequest(server, registrationOf(wish), { [customFetch]: ask });
  return readRegistration(wish.title, response.status, await response.text());
}

/** Some answer with 200, and some give a secret to a client that asked for none. Pure. @throws VaultError `no-value`. */
export function readRegistration(title: string, status: number, text: string): LoginClient {
  const answer = findObject(text);
  const [id, secret, method, error] = ["client_id", "client_secret", "token_endpoint_auth_method", "error"].map((name) => (typeof answer[name] === "string" ? answer[name] : ""));
  if ((status !== 200 && status !== 201) || id === undefined || !/^[\x21-\x7e](?:[\x20-\x7e]{0,510}[\x21-\x7e])?$/.test(id)) {
    throw new VaultError("no-value", `${title} has registered no client for this login${error === undefined || error === "" ? ` (status ${status})` : `, and said: ${visibleAscii(error, 64)}`}`, "make one in its settings, and name it: --client-id ID");
  }
  if (secret === undefined || secret === "" || method === "none") return { id, proof: "none", secret: undefined };
  if (method !== "" && method !== "client_secret_basic" && method !== "client_secret_post") throw new VaultError("no-value", `${title} has registered a client that shows itself in a way that is not known here (${visibleAscii(method ?? "", 64)})`);
  return { id, proof: method === "client_secret_post" ? "post" : "basic", secret: Secret.fromText(secret) };
}
