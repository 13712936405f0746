// The source `jwt-bearer`: a JWT that a private key signs, which is the value itself or is exchanged for one.
import { Secret } from "../../secret.ts";
import type { LivingSource } from "../../vault/source.ts";
import { clockGapOf, toldByClock } from "./clock-gap.ts";
import { askInstallation, readInstallation } from "./github-installation.ts";
import { limitedFetch } from "./https-fetch.ts";
import { parsePrivateKey } from "./sealed-key.ts";
import { signToken } from "./signed-token.ts";
import type { MadeValue, MakeOrder } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";
import { readGranted, requireValue } from "./token-endpoint.ts";

type Order = MakeOrder<Extract<LivingSource, { readonly kind: "jwt-bearer" }>>;
type Exchange = Order["source"]["exchange"];

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** @throws SourceFailure. */
export async function makeByJwtBearer({ source, sealed, nowMs, signal }: Order): Promise<MadeValue> {
  const { privateKey, roots } = parsePrivateKey(sealed);
  const { exchange, lifetime } = source;
  const token = sign(source, privateKey, nowMs);
  const fetch = limitedFetch({ roots, signal });
  switch (exchange.kind) {
    case "none":
      return { value: Secret.fromText(token), expiresMs: nowMs + lifetime * 1000 };
    case "token-endpoint": {
      const answer = await fetch(exchange.tokenEndpoint, { method: "POST", headers: { "accept": "application/json", "content-type": "application/x-www-form-urlencoded" }, body: formOf(source, exchange, token) });
      const text = await answer.text();
      return requireValue(toldByClock(answer.headers, nowMs, () => readAnswer(answer.status, text, nowMs)));
    }
    case "github-installation": {
      const { url, question } = askInstallation(exchange, token);
      const answer = await fetch(url, question);
      return readInstallation(exchange, answer.status, await answer.text(), clockGapOf(answer.headers, nowMs));
    }
  }
}

function sign({ algorithm, keyId, lifetime, claims, provider, exchange }: Order["source"], privateKey: string, nowMs: number): string {
  const scope = exchange.kind === "token-endpoint" && provider === "google" && exchange.scopes.length > 0 ? [{ name: "scope", value: exchange.scopes.join(" ") }] : [];
  try {
    return signToken({ algorithm, keyId, privateKey, claims: [...claims, ...scope], nowMs, lifetime });
  } catch {
    throw new SourceFailure({ reason: "bad-order", said: "" });
  }
}

/** RFC 7523 section 4 has the scopes beside the token; Google wants them in it. */
function formOf({ provider }: Order["source"], { scopes, parameters }: Extract<Exchange, { readonly kind: "token-endpoint" }>, token: string): URLSearchParams {
  const form = new URLSearchParams({ grant_type: GRANT_TYPE, assertion: token });
  if (scopes.length > 0 && provider !== "google") form.set("scope", scopes.join(" "));
  for (const { name, value } of parameters) form.set(name, value);
  return form;
}

/** `invalid_grant` says that the token is not right, and not that a login is over. */
function readAnswer(status: number, text: string, nowMs: number): ReturnType<typeof readGranted> {
  try {
    return readGranted(status, text, nowMs);
  } catch (error) {
    throw error instanceof SourceFailure && error.failure.reason === "over" ? new SourceFailure({ ...error.failure, reason: "denied" }) : error;
  }
}
