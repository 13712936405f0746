// Secrets whose value is minted, as they are typed. The key that mints comes from a file or from stdin, and from nowhere else.
import { Flags } from "@oclif/core";
import type { AskedMint, Pair } from "../../app/sources/minted-source.ts";
import { VaultError } from "../../errors.ts";
import { parseDuration } from "./duration.ts";
import { isStdin, readInput } from "./file-input.ts";

export const MINTED = ["client-credentials", "jwt-bearer", "aws-sts"] as const;

const PEM_BYTES_MAX = 32_768;
const ALGORITHMS = ["EdDSA", "ES256", "ES384", "PS256", "RS256"] as const;
const ACCESSES = ["admin", "read", "write"] as const;

const [tokens, github, aws] = ["TOKEN", "GITHUB APP", "AWS"].map((name) => ({ helpGroup: `MINTED: ${name}`, dependsOn: ["source"] }));
const several = { multiple: true, multipleNonGreedy: true } as const;

export const mintedFlags = {
  "token-endpoint": Flags.string({ ...tokens, description: "where the token comes from; for a service account of Google's its file says it", helpValue: "URL" }),
  "client-id": Flags.string({ ...tokens, description: "client-credentials: the client", helpValue: "ID" }),
  "client-auth": Flags.string({ ...tokens, description: "client-credentials: how the client shows who it is; default: basic", options: ["basic", "post", "private-key-jwt"] }),
  issuer: Flags.string({ ...tokens, description: "client-credentials: whom a JWT of the client's is for; default: the token endpoint", helpValue: "URL" }),
  "oauth-scope": Flags.string({ ...tokens, ...several, description: "what the token may do; may be repeated", helpValue: "S" }),
  param: Flags.string({ ...tokens, ...several, description: "a further parameter of the token request; may be repeated", helpValue: "NAME=VALUE" }),
  claim: Flags.string({ ...tokens, ...several, description: "jwt-bearer: a claim, such as iss=…, sub=… or aud=…; may be repeated", helpValue: "NAME=VALUE" }),
  algorithm: Flags.string({ ...tokens, description: "how a JWT is signed; default: as the key is for", options: [...ALGORITHMS] }),
  "key-id": Flags.string({ ...tokens, description: "a JWT's kid", helpValue: "ID" }),
  "jwt-lifetime": Flags.string({ ...tokens, description: "how long a JWT is good; default: 5m", helpValue: "5m" }),
  "github-app": Flags.string({ ...github, description: "jwt-bearer: the app's client id", helpValue: "ID" }),
  installation: Flags.integer({ ...github, description: "the app's installation", helpValue: "N", dependsOn: ["github-app"] }),
  repository: Flags.string({ ...github, ...several, description: "the token reaches this repository, and no other that is not named; may be repeated", helpValue: "NAME", dependsOn: ["github-app"] }),
  permission: Flags.string({ ...github, ...several, description: "the token may do this, and nothing that is not named; may be repeated", helpValue: "contents=read", dependsOn: ["github-app"] }),
  "github-api": Flags.string({ ...github, description: "of a GitHub of your own; default: https://api.github.com/", helpValue: "URL", dependsOn: ["github-app"] }),
  region: Flags.string({ ...aws, description: "the region whose STS is asked", helpValue: "R" }),
  role: Flags.string({ ...aws, description: "a role to assume; with --account, the name of one that single sign-on gives", helpValue: "ARN" }),
  "session-name": Flags.string({ ...aws, description: "what the role's session is called in AWS's logs; default: vault", helpValue: "NAME" }),
  "external-id": Flags.string({ ...aws, description: "that the role asks for", helpValue: "ID" }),
  policy: Flags.string({ ...aws, description: "narrows the role further", helpValue: "JSON" }),
  duration: Flags.string({ ...aws, description: "how long credentials are good, 15m to 12h; default: 1h", helpValue: "1h" }),
  "sso-start-url": Flags.string({ ...aws, description: "of single sign-on", helpValue: "URL", dependsOn: ["account"] }),
  "sso-region": Flags.string({ ...aws, description: "where single sign-on is; default: --region", helpValue: "R", dependsOn: ["account"] }),
  account: Flags.string({ ...aws, description: "of single sign-on", helpValue: "NUMBER", dependsOn: ["sso-start-url"] }),
  "aws-endpoint": Flags.string({ ...aws, description: "instead of AWS's own", helpValue: "URL" }),
  "upstream-ca": Flags.string({ description: "where a value is minted, trust the certificates in this PEM file too", helpValue: "F", dependsOn: ["source"] }),
};

type Words = { readonly [K in Exclude<keyof typeof mintedFlags, "oauth-scope" | "param" | "claim" | "repository" | "permission" | "installation">]?: string | undefined } & {
  readonly [K in "oauth-scope" | "param" | "claim" | "repository" | "permission"]?: readonly string[] | undefined;
} & { readonly installation?: number | undefined };

interface Life {
  readonly ttl: number;
  readonly failureTtl: number;
}

const REQUEST = ["token-endpoint", "oauth-scope", "param", "algorithm", "key-id", "upstream-ca"];
/** Which flags are for which. */
const TAKEN: Readonly<Record<(typeof MINTED)[number], readonly string[]>> = {
  "client-credentials": [...REQUEST, "client-id", "client-auth", "issuer"],
  "jwt-bearer": [...REQUEST, "claim", "jwt-lifetime", "github-app", "installation", "repository", "permission", "github-api"],
  "aws-sts": ["region", "role", "session-name", "external-id", "policy", "duration", "sso-start-url", "sso-region", "account", "aws-endpoint", "upstream-ca"],
};

/** The flags that only some other source takes. @throws VaultError `usage`. */
export function refuseMinted(flags: Words, source: string, taken: readonly string[] = []): void {
  const stray = Object.keys(mintedFlags).find((name) => flags[name as keyof Words] !== undefined && !taken.includes(name));
  if (stray !== undefined) throw new VaultError("usage", `--source ${source} takes no --${stray}`, "its flags: vault secrets create --help");
}

/** @throws VaultError `usage`, `io`. */
export async function parseMinted(kind: (typeof MINTED)[number], flags: Words, life: Life): Promise<AskedMint> {
  refuseMinted(flags, kind, TAKEN[kind]);
  const shared = { ...life, roots: await readRoots(flags["upstream-ca"]) };
  const signing = { algorithm: ALGORITHMS.find((one) => one === flags.algorithm), keyId: flags["key-id"] ?? null };
  const request = { scopes: flags["oauth-scope"] ?? [], parameters: pairsOf("--param", flags.param) };
  switch (kind) {
    case "client-credentials": {
      const auth = flags["client-auth"];
      const clientAuth = auth === "post" || auth === "private-key-jwt" ? auth : "basic";
      return { ...shared, kind, tokenEndpoint: need(flags["token-endpoint"], "--token-endpoint", kind), issuer: flags.issuer ?? null, clientId: need(flags["client-id"], "--client-id", kind), clientAuth, ...signing, ...request };
    }
    case "jwt-bearer": {
      const app = flags["github-app"];
      if (app !== undefined && flags["token-endpoint"] !== undefined) throw new VaultError("usage", "--github-app and --token-endpoint exclude each other", "leave one of the two out");
      const claims = [...pairsOf("--claim", flags.claim), ...(app === undefined ? [] : [{ name: "iss", value: app }])];
      const lifetime = secondsOf(flags["jwt-lifetime"] ?? "5m", "--jwt-lifetime");
      return { ...shared, kind, ...signing, ...request, lifetime, claims, tokenEndpoint: flags["token-endpoint"], installation: app === undefined ? undefined : installationOf(flags) };
    }
    case "aws-sts":
      return { ...shared, kind, region: need(flags.region, "--region", kind), endpoint: flags["aws-endpoint"] ?? null, duration: secondsOf(flags.duration ?? "1h", "--duration"), obtain: obtainOf(flags) };
  }
}

type Installation = NonNullable<Extract<AskedMint, { readonly kind: "jwt-bearer" }>["installation"]>;

function installationOf(flags: Words): Installation {
  if (flags.installation === undefined) throw new VaultError("usage", "--github-app takes --installation", "the number at the end of the installation's address, in the settings of whoever installed the app");
  const permissions = pairsOf("--permission", flags.permission).map(({ name, value }) => {
    const access = ACCESSES.find((one) => one === value);
    if (access === undefined) throw new VaultError("usage", "--permission takes a name and read, write or admin", "--permission contents=read");
    return { name, access };
  });
  return { kind: "github-installation", api: flags["github-api"] ?? "https://api.github.com/", installation: flags.installation, repositories: [...new Set(flags.repository)].sort(), permissions: permissions.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function obtainOf(flags: Words): Extract<AskedMint, { readonly kind: "aws-sts" }>["obtain"] {
  const { account, role } = flags;
  if (account !== undefined) return { kind: "sso", startUrl: need(flags["sso-start-url"], "--sso-start-url", "aws-sts"), region: flags["sso-region"] ?? need(flags.region, "--region", "aws-sts"), accountId: account, roleName: need(role, "--role", "aws-sts with --account") };
  if (role === undefined) return { kind: "session-token" };
  return { kind: "assume-role", roleArn: role, sessionName: flags["session-name"] ?? "vault", externalId: flags["external-id"] ?? null, policy: flags.policy === undefined ? null : oneLine(flags.policy) };
}

/** Signed and sealed as one line, which AWS counts the letters of. */
function oneLine(policy: string): string {
  try {
    return JSON.stringify(JSON.parse(policy));
  } catch {
    throw new VaultError("usage", "--policy takes a policy in JSON", "its flags: vault secrets create --help");
  }
}

function need(value: string | undefined, flag: string, source: string): string {
  if (value === undefined) throw new VaultError("usage", `--source ${source} takes ${flag}`, "its flags: vault secrets create --help");
  return value;
}

function pairsOf(flag: string, words: readonly string[] = []): Pair[] {
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals < 1) throw new VaultError("usage", `${flag} takes NAME=VALUE`, `such as ${flag} audience=api`);
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

async function readRoots(path: string | undefined): Promise<string | null> {
  if (path === undefined) return null;
  if (isStdin(path)) throw new VaultError("usage", "--upstream-ca takes a file", "name the PEM file: --upstream-ca FILE");
  const certificates = Buffer.from(await readInput(path, "the file", PEM_BYTES_MAX)).toString("latin1").match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g);
  if (certificates === null) throw new VaultError("usage", `"${path}" holds no certificate`, "--upstream-ca takes a PEM file");
  return `${certificates.map((one) => one.replaceAll("\r", "")).join("\n")}\n`;
}

function secondsOf(text: string, flag: string): number {
  return parseDuration(text, flag) / 1000;
}
