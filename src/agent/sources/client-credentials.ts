// The source `client-credentials`: a token for the client itself (RFC 6749 section 4.4), which shows who it is by a secret or by a JWT that it signs (RFC 7523).
import type { LivingSource } from "../../vault/source.ts";
import { parseClientSecret, parsePrivateKey } from "./sealed-key.ts";
import type { MadeValue, MakeOrder } from "./source-maker.ts";
import type { ClientProof } from "./token-endpoint.ts";
import { askTokenEndpoint, requireValue } from "./token-endpoint.ts";

type Order = MakeOrder<Extract<LivingSource, { readonly kind: "client-credentials" }>>;

/** @throws SourceFailure. */
export async function makeByClientCredentials({ source, sealed, nowMs, signal }: Order): Promise<MadeValue> {
  const { tokenEndpoint, issuer, clientId, scopes, parameters } = source;
  const { proof, roots } = proofOf(source, sealed);
  const asked = scopes.length === 0 ? parameters : [...parameters, { name: "scope", value: scopes.join(" ") }];
  return requireValue(await askTokenEndpoint({ tokenEndpoint, issuer, clientId, proof, grantType: "client_credentials", parameters: asked, roots, nowMs, signal }));
}

function proofOf({ clientAuth }: Order["source"], sealed: Order["sealed"]): { readonly proof: ClientProof; readonly roots: string | null } {
  if (clientAuth.kind === "private-key-jwt") {
    const { privateKey, roots } = parsePrivateKey(sealed);
    return { proof: { kind: clientAuth.kind, privateKey, algorithm: clientAuth.algorithm, keyId: clientAuth.keyId }, roots };
  }
  const { clientSecret, roots } = parseClientSecret(sealed);
  return { proof: { kind: clientAuth.kind, secret: clientSecret }, roots };
}
