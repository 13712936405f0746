// Private keys as providers hand them out: a PEM of any form, or Google's JSON of a service account.
import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { findAlgorithm, fits } from "../../agent/sources/signed-token.ts";
import type { SigningAlgorithm } from "../../agent/sources/signing-key.ts";
import { VaultError } from "../../errors.ts";

export interface KeyFile {
  /** PKCS#8, as PEM. */
  readonly privateKey: string;
  readonly algorithm: SigningAlgorithm;
  readonly keyId: string | null;
  /** Of a service account. */
  readonly account: { readonly email: string; readonly tokenUri: string } | undefined;
}

/** @param algorithm undefined: the one that the key is usually for. @throws VaultError `usage`, which quotes nothing of the text. */
export function readKeyFile(text: string, algorithm: SigningAlgorithm | undefined): KeyFile {
  const account = text.trimStart().startsWith("{") ? readAccount(text) : undefined;
  const key = readKey(account?.privateKey ?? text);
  const chosen = algorithm ?? findAlgorithm(key);
  if (chosen === undefined || !fits(key, chosen)) throw new VaultError("usage", chosen === undefined ? "the private key is of a kind, or a length, that no algorithm here takes" : `the private key is none for ${chosen}`, "RSA of 2048 bits or more, P-256, P-384 or Ed25519");
  return { privateKey: key.export({ type: "pkcs8", format: "pem" }).toString(), algorithm: chosen, keyId: account?.keyId ?? null, account: account === undefined ? undefined : { email: account.email, tokenUri: account.tokenUri } };
}

function readKey(pem: string): KeyObject {
  if (pem.includes("ENCRYPTED")) throw new VaultError("usage", "the private key is encrypted", "take it out of its passphrase on the way, with the flags as before: openssl pkey -in key.pem | vault secrets create NAME");
  try {
    return createPrivateKey(pem);
  } catch {
    throw new VaultError("usage", "what was given is no private key", "a PEM (BEGIN PRIVATE KEY, BEGIN RSA PRIVATE KEY, BEGIN EC PRIVATE KEY), or the JSON file of a service account of Google's");
  }
}

interface Account {
  readonly email: string;
  readonly tokenUri: string;
  readonly privateKey: string;
  readonly keyId: string | null;
}

function readAccount(text: string): Account {
  const { type, client_email: email, token_uri: tokenUri, private_key: privateKey, private_key_id: keyId } = parseMembers(text);
  if (type !== "service_account" || typeof email !== "string" || typeof tokenUri !== "string" || typeof privateKey !== "string") throw new VaultError("usage", "the JSON that was given is not that of a service account of Google's: type, client_email, token_uri and private_key stand in it", "Google Cloud: IAM, Service accounts, Keys, Add key, JSON");
  return { email, tokenUri, privateKey, keyId: typeof keyId === "string" ? keyId : null };
}

/** What JSON.parse says may quote the key. */
function parseMembers(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    return {};
  }
}
