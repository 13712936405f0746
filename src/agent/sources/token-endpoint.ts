// Asks a token endpoint (RFC 6749) for a token, for every source that has one. The form and the client's proof are `oauth4webapi`'s; what comes back is read here, since authorization servers differ in it from the standard.
import type { ClientAuth } from "oauth4webapi";
import { ClientSecretBasic, ClientSecretPost, customFetch, genericTokenEndpointRequest, modifyAssertion, None, PrivateKeyJwt } from "oauth4webapi";
import { Secret } from "../../secret.ts";
import { VALUE_BYTES_MAX } from "../../vault/record.ts";
import { toldByClock } from "./clock-gap.ts";
import { findObject, textOf, visible } from "./json-answer.ts";
import { importSigningKey } from "./signing-key.ts";
import type { SigningAlgorithm } from "./signing-key.ts";
import { limitedFetch } from "./https-fetch.ts";
import type { MadeValue } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";

/** How the client shows who it is, with what shows it. */
export type ClientProof =
  | { readonly kind: "none" }
  | { readonly kind: "basic" | "post"; readonly secret: string }
  /** `privateKey`: PKCS #8 in PEM. */
  | { readonly kind: "private-key-jwt"; readonly privateKey: string; readonly algorithm: SigningAlgorithm; readonly keyId: string | null };

export interface TokenOrder {
  readonly tokenEndpoint: string;
  /** Whom a client's JWT is for; without one, the endpoint itself. */
  readonly issuer: string | null;
  readonly clientId: string;
  readonly proof: ClientProof;
  readonly grantType: string;
  /** Those of the grant, and the source's own. */
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  /** PEM, trusted besides what this Node trusts. */
  readonly roots: string | null;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** What a token endpoint has granted; `requireValue` judges the access token. */
export interface Granted {
  readonly accessToken: string | undefined;
  readonly tokenType: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresMs: number | undefined;
  /** Where there is one, the old one may be dead from now on, whatever the access token is worth. */
  readonly refreshToken: string | undefined;
  readonly scope: string | undefined;
}

/** The grant itself is over: RFC 6749, then GitHub's and Slack's words for it. */
const OVER = ["invalid_grant", "bad_refresh_token", "invalid_refresh_token"];
/** Those whose token is sent as a Bearer one is: `bot` and `user` are Slack's. */
const BEARERS = ["bearer", "bot", "user"];

/** @throws SourceFailure `denied`, `over`, `bad-answer`, and those of `limitedFetch`. */
export async function askTokenEndpoint(order: TokenOrder): Promise<Granted> {
  const { status, text, headers } = await postTokenRequest(order);
  return toldByClock(headers, order.nowMs, () => readGranted(status, text, order.nowMs));
}

/** What the endpoint answers, as it is: where a refusal is no failure, but says to ask again. @throws SourceFailure those of `limitedFetch`. */
export async function postTokenRequest({ tokenEndpoint, issuer, clientId, proof, grantType, parameters, roots, signal }: Omit<TokenOrder, "nowMs">): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  const server = { issuer: issuer ?? tokenEndpoint, token_endpoint: tokenEndpoint };
  const fields = parameters.map(({ name, value }): [string, string] => [name, value]);
  const prove = await proverOf(proof);
  const response = await genericTokenEndpointRequest(server, { client_id: clientId }, prove, grantType, new URLSearchParams(fields), { [customFetch]: limitedFetch({ roots, signal }) });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** @throws SourceFailure `bad-answer`, `too-long`. */
export function requireValue({ accessToken, tokenType, expiresMs }: Granted): MadeValue {
  if (accessToken === undefined || accessToken === "") throw new SourceFailure({ reason: "bad-answer", said: "there is no access token in it" });
  // Of another type (DPoP, MAC), the token alone is worth nothing. Some servers leave the type out.
  if (tokenType !== undefined && !BEARERS.includes(tokenType.toLowerCase())) throw new SourceFailure({ reason: "bad-answer", said: `its token is of the type ${visible(tokenType, 64)}` });
  const value = Secret.fromText(accessToken);
  if (value.length > VALUE_BYTES_MAX) throw new SourceFailure({ reason: "too-long", said: "" });
  return { value, ...(expiresMs === undefined ? {} : { expiresMs }) };
}

/** Pure. @throws SourceFailure `denied`, `over`, `bad-answer`. */
export function readGranted(status: number, text: string, nowMs: number): Granted {
  const answer = findObject(text);
  const error = answer?.["error"];
  // Some say an error with the status 200.
  if (typeof error === "string") throw refusal(error, answer?.["error_description"], status);
  if (status < 200 || status > 299 || answer === undefined) throw new SourceFailure({ reason: "bad-answer", status, said: "" });
  const seconds = secondsOf(answer["expires_in"]);
  return {
    accessToken: textOf(answer["access_token"]),
    tokenType: textOf(answer["token_type"]),
    expiresMs: seconds === undefined ? undefined : nowMs + seconds * 1000,
    refreshToken: textOf(answer["refresh_token"]),
    scope: textOf(answer["scope"]),
  };
}

/** How `oauth4webapi` lets a client show who it is. */
export async function proverOf(proof: ClientProof): Promise<ClientAuth> {
  switch (proof.kind) {
    case "none":
      return None();
    case "basic":
      return ClientSecretBasic(proof.secret);
    case "post":
      return ClientSecretPost(proof.secret);
    case "private-key-jwt": {
      const key = await importSigningKey(proof.privateKey, proof.algorithm);
      // oauth4webapi calls it Ed25519, as RFC 9864 does; servers know the older name.
      return PrivateKeyJwt({ key, ...(proof.keyId === null ? {} : { kid: proof.keyId }) }, { [modifyAssertion]: (header) => { header["alg"] = proof.algorithm; } });
    }
  }
}

function refusal(error: string, description: unknown, status: number): SourceFailure {
  const word = visible(error, 64);
  const said = textOf(description) === undefined ? word : `${word}: ${visible(description)}`;
  return new SourceFailure({ reason: OVER.includes(error) ? "over" : "denied", status, said });
}

/** RFC 6749 has a number; some send it as text. Anything else is as if nothing was said. */
function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof seconds === "number" && Number.isFinite(seconds) ? Math.min(seconds, 2 ** 33) : undefined;
}
