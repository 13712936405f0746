// What the vault knows of the login that is to be renewed: with which client, for what, and at which server.
import type { SealedLogin } from "../../agent/sources/sealed-login.ts";
import { parseSealedLogin } from "../../agent/sources/sealed-login.ts";
import { VaultError } from "../../errors.ts";
import type { Provider } from "../../providers/entry.ts";
import { BASE } from "../../providers/entry.ts";
import { Secret } from "../../secret.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { Scope } from "../../vault/scope.ts";
import { describeScope } from "../../vault/scope.ts";
import type { Source } from "../../vault/source.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { getSecret } from "../secrets/find-secret.ts";
import type { LoginClient } from "./login-client.ts";
import type { LoginTarget } from "./login-target.ts";

export type Oauth2Source = Extract<Source, { readonly kind: "oauth2" }>;

export interface RememberedLogin {
  readonly record: SecretRecord;
  readonly source: Oauth2Source;
  readonly order: SealedLogin;
}

/** @returns undefined where there is no secret of that name. @throws VaultError `already-exists` for one that is no login; `usage` where the name stands in several scopes. */
export async function findRemembered(vault: OpenedVault, name: string, scope: Scope | undefined): Promise<RememberedLogin | undefined> {
  const { secrets } = vault.file.contents;
  if (!secrets.some((secret) => secret.name === name)) return undefined;
  if (scope !== undefined && !secrets.some((secret) => secret.name === name && describeScope(secret.scope) === describeScope(scope))) return undefined;
  const record = getSecret(secrets, name, scope);
  const { source } = record;
  if (source.kind !== "oauth2") throw new VaultError("already-exists", `there is a secret "${name}" already (${describeScope(record.scope)}), and it is no login`, "log in under another name: --name NAME");
  return { record, source, order: await openOrder(vault, record) };
}

/** @throws VaultError `bad-seal` for what does not open. SourceFailure `bad-order`. */
export async function openOrder(vault: OpenedVault, record: SecretRecord): Promise<SealedLogin> {
  const [sealed] = await openSecrets(vault.holder, vault.file.contents.id, [record]);
  if (sealed === undefined) throw new VaultError("bad-seal", `the value of "${record.name}" does not open`);
  try {
    return parseSealedLogin(sealed);
  } finally {
    sealed.wipe();
  }
}

/** Nothing for a login at another server: its tokens would go to the hosts of this one. @throws VaultError `already-exists`. */
export function requireSameServer({ record, source }: RememberedLogin, { title, endpoints, resource }: LoginTarget): void {
  if (source.tokenEndpoint === endpoints.token && resourceOf(source) === resource) return;
  throw new VaultError("already-exists", `"${record.name}" is a login at ${new URL(source.tokenEndpoint).host}, and not at ${title}`, "log in under another name: --name NAME");
}

export function clientOf({ source, order }: Pick<RememberedLogin, "source" | "order">): LoginClient | undefined {
  const { kind } = source.clientAuth;
  if (kind === "private-key-jwt") return undefined;
  return { id: source.clientId, proof: kind, secret: order.clientSecret === null ? undefined : Secret.fromText(order.clientSecret) };
}

/** The base URL of the last login, as it is typed. */
export function baseOf({ endpoints, base }: Provider, { tokenEndpoint }: Oauth2Source): string | undefined {
  if (base === undefined || !endpoints.token.startsWith(BASE)) return undefined;
  const rest = endpoints.token.slice(BASE.length);
  return tokenEndpoint.endsWith(rest) ? tokenEndpoint.slice(0, -rest.length) : undefined;
}

export function resourceOf({ parameters }: Oauth2Source): string | undefined {
  return parameters.find(({ name }) => name === "resource")?.value;
}
