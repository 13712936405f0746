// The source `oauth2`: a login's refresh token gives the access token of the moment.
import type { Secret } from "../../secret.ts";
import type { LivingSource } from "../../vault/source.ts";
import type { SealedLogin } from "./sealed-login.ts";
import { encodeSealedLogin, parseSealedLogin } from "./sealed-login.ts";
import type { MadeValue, MakeOrder } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";
import type { ClientProof } from "./token-endpoint.ts";
import { askTokenEndpoint, requireValue } from "./token-endpoint.ts";

type OAuth2 = Extract<LivingSource, { readonly kind: "oauth2" }>;

/** @throws SourceFailure. */
export async function makeByOauth2({ source, sealed, nowMs, signal, keep }: MakeOrder<OAuth2>): Promise<MadeValue> {
  const login = parseSealedLogin(sealed);
  if (login.refreshToken === null) return heldToken(login, nowMs);
  if (keep === undefined) throw new SourceFailure({ reason: "stopped", said: "" });
  const { tokenEndpoint, issuer, clientId, parameters } = source;
  const granted = await askTokenEndpoint({
    tokenEndpoint, issuer, clientId, nowMs, signal,
    proof: proofOf(source, login),
    grantType: "refresh_token",
    parameters: [...parameters, { name: "refresh_token", value: login.refreshToken }],
    roots: login.roots,
  });
  // First of all, and whatever the access token is worth: the server may have ended the old one.
  if (granted.refreshToken !== undefined && granted.refreshToken !== login.refreshToken) await keep(sealAnew({ ...login, refreshToken: granted.refreshToken }));
  return requireValue(granted);
}

function sealAnew(login: SealedLogin): Secret {
  try {
    return encodeSealedLogin(login);
  } catch {
    throw new SourceFailure({ reason: "bad-answer", said: "its refresh token is none" });
  }
}

/** Some servers give an access token that lives long, and no refresh token. */
function heldToken({ access }: SealedLogin, nowMs: number): MadeValue {
  if (access === null) throw new SourceFailure({ reason: "bad-order", said: "" });
  const expiresMs = access.expiresAt === null ? undefined : Date.parse(access.expiresAt);
  if (expiresMs !== undefined && expiresMs <= nowMs) throw new SourceFailure({ reason: "over", said: "" });
  return requireValue({ accessToken: access.token, tokenType: undefined, expiresMs, refreshToken: undefined, scope: undefined });
}

function proofOf({ clientAuth }: OAuth2, { clientSecret }: SealedLogin): ClientProof {
  if (clientAuth.kind === "none") return clientAuth;
  if (clientSecret === null) throw new SourceFailure({ reason: "bad-order", said: "" });
  if (clientAuth.kind === "private-key-jwt") return { ...clientAuth, privateKey: clientSecret };
  return { kind: clientAuth.kind, secret: clientSecret };
}
