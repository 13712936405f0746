// What is stored of a secret whose value is minted: its source, as it was asked for, and the key that mints, as it was handed over.
import { findText } from "../../bytes.ts";
import { encodeClientSecret, encodeKeyPair, encodePrivateKey, encodeSignOn } from "../../agent/sources/sealed-key.ts";
import type { SigningAlgorithm } from "../../agent/sources/signing-key.ts";
import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { compareText } from "../../vault/scope.ts";
import type { LivingSource, Source } from "../../vault/source.ts";
import { parseSource } from "../../vault/source.ts";
import { googleHosts } from "./google-hosts.ts";
import { readAwsKey, readSignOnSession } from "./aws-key-file.ts";
import { readKeyFile } from "./private-key-file.ts";

export interface Pair {
  readonly name: string;
  readonly value: string;
}

type SourceOf<K extends LivingSource["kind"]> = Extract<LivingSource, { readonly kind: K }>;

export type AskedMint = {
  /** Seconds. */
  readonly ttl: number;
  readonly failureTtl: number;
  /** PEM of certificates that whoever grants the value may be trusted by. */
  readonly roots: string | null;
} & (
  | {
      readonly kind: "client-credentials";
      readonly tokenEndpoint: string;
      readonly issuer: string | null;
      readonly clientId: string;
      readonly clientAuth: SourceOf<"client-credentials">["clientAuth"]["kind"];
      readonly algorithm: SigningAlgorithm | undefined;
      readonly keyId: string | null;
      readonly scopes: readonly string[];
      readonly parameters: readonly Pair[];
    }
  | {
      readonly kind: "jwt-bearer";
      readonly algorithm: SigningAlgorithm | undefined;
      readonly keyId: string | null;
      readonly lifetime: number;
      readonly claims: readonly Pair[];
      /** Undefined: what a service account's file says, or else none. */
      readonly tokenEndpoint: string | undefined;
      readonly scopes: readonly string[];
      readonly parameters: readonly Pair[];
      readonly installation: Extract<SourceOf<"jwt-bearer">["exchange"], { readonly kind: "github-installation" }> | undefined;
    }
  | { readonly kind: "aws-sts"; readonly region: string; readonly endpoint: string | null; readonly duration: number; readonly obtain: SourceOf<"aws-sts">["obtain"] }
);

export interface PlannedMint {
  readonly source: LivingSource;
  readonly sealed: Secret;
  /** Where the value goes where the person has not said; canonical bindings. */
  readonly hosts: readonly string[];
}

/** @param material what was handed over: a PEM, a file of Google's or AWS's, a client's secret. Its owner wipes it. @throws VaultError `usage`, which quotes nothing of it. */
export function planMinted(asked: AskedMint, material: Secret): PlannedMint {
  const text = findText(material.reveal());
  if (text === undefined) throw new VaultError("usage", "what was given is no text", "--from-file FILE, or stdin");
  switch (asked.kind) {
    case "client-credentials":
      return planClientCredentials(asked, text);
    case "jwt-bearer":
      return planJwtBearer(asked, text);
    case "aws-sts":
      return planAwsSts(asked, text);
  }
}

type Asked<K extends AskedMint["kind"]> = Extract<AskedMint, { readonly kind: K }>;

function planClientCredentials({ ttl, failureTtl, roots, tokenEndpoint, issuer, clientId, clientAuth, scopes, parameters, ...asked }: Asked<"client-credentials">, text: string): PlannedMint {
  const shared = { kind: "client-credentials", ttl, failureTtl, provider: null, issuer, tokenEndpoint, clientId };
  const rest = { scopes: sortedWords(scopes), parameters: sortedPairs(parameters) };
  if (clientAuth !== "private-key-jwt") return { source: check({ ...shared, clientAuth: { kind: clientAuth }, ...rest }), sealed: asUsage(() => encodeClientSecret({ clientSecret: text, roots })), hosts: [] };
  const { privateKey, algorithm, keyId } = readKeyFile(text, asked.algorithm);
  return { source: check({ ...shared, clientAuth: { kind: clientAuth, algorithm, keyId: asked.keyId ?? keyId }, ...rest }), sealed: asUsage(() => encodePrivateKey({ privateKey, roots })), hosts: [] };
}

function planJwtBearer({ ttl, failureTtl, roots, lifetime, claims, scopes, parameters, installation, ...asked }: Asked<"jwt-bearer">, text: string): PlannedMint {
  const { privateKey, algorithm, keyId, account } = readKeyFile(text, asked.algorithm);
  const tokenEndpoint = asked.tokenEndpoint ?? account?.tokenUri;
  if (account !== undefined && scopes.length === 0) throw new VaultError("usage", "a service account of Google's needs to be told what for", "--oauth-scope https://www.googleapis.com/auth/devstorage.read_only");
  if (tokenEndpoint === undefined && scopes.length + parameters.length > 0) throw new VaultError("usage", "--oauth-scope and --param are for a token endpoint", "--token-endpoint URL");
  const exchange = installation ?? (tokenEndpoint === undefined ? { kind: "none" } : { kind: "token-endpoint", tokenEndpoint, scopes: sortedWords(scopes), parameters: sortedPairs(parameters) });
  // What was said counts more than what the file says.
  const own = account === undefined ? [] : [{ name: "aud", value: account.tokenUri }, { name: "iss", value: account.email }].filter(({ name }) => !claims.some((claim) => claim.name === name));
  const source = check({ kind: "jwt-bearer", ttl, failureTtl, provider: account === undefined ? null : "google", algorithm, keyId: asked.keyId ?? keyId, lifetime, claims: sortedPairs([...claims, ...own]), exchange });
  return { source, sealed: asUsage(() => encodePrivateKey({ privateKey, roots })), hosts: account === undefined ? [] : googleHosts(scopes) };
}

function planAwsSts({ ttl, failureTtl, roots, region, endpoint, duration, obtain }: Asked<"aws-sts">, text: string): PlannedMint {
  const source = check({ kind: "aws-sts", ttl, failureTtl, region, endpoint, duration, obtain });
  if (obtain.kind === "sso") return { source, sealed: asUsage(() => encodeSignOn({ ...readSignOnSession(text), roots })), hosts: [] };
  const pair = readAwsKey(text);
  if (obtain.kind === "session-token" && pair.sessionToken !== null) throw new VaultError("usage", "AWS gives a session's token for a key of a user's, and these are temporary credentials already", "--role ARN");
  return { source, sealed: asUsage(() => encodeKeyPair({ ...pair, roots })), hosts: [] };
}

function sortedWords(words: readonly string[]): string[] {
  return [...new Set(words)].sort(compareText);
}

function sortedPairs(pairs: readonly Pair[]): Pair[] {
  return [...pairs].sort((a, b) => compareText(a.name, b.name));
}

/** The form of the file is what is taken from the command line. */
function check(source: unknown): Exclude<Source, { readonly kind: "stored" }> {
  const checked = asUsage(() => parseSource(source, "the new secret"));
  if (checked.kind === "stored") throw new VaultError("usage", "there is no source");
  return checked;
}

function asUsage<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof VaultError ? new VaultError("usage", error.message, "its flags: vault secrets create --help") : error;
  }
}
