// `vault logout`: the provider is told that the login is over (RFC 7009), and the vault forgets it, whatever the provider says.
import type { AuthorizationServer } from "oauth4webapi";
import { customFetch, revocationRequest } from "oauth4webapi";
import { proverOf } from "../../agent/sources/token-endpoint.ts";
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import { VaultError } from "../../errors.ts";
import { findProvider } from "../../providers/registry.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { Scope } from "../../vault/scope.ts";
import { withoutRefreshes } from "../keys/login-lock.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import { getSecret } from "../secrets/find-secret.ts";
import { deleteSecret } from "../secrets/secrets.ts";
import { describeFailure } from "../sources/failure-text.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Ask } from "./ask.ts";
import { makeAsk } from "./ask.ts";
import { proofOf } from "./login-client.ts";
import type { Oauth2Source, RememberedLogin } from "./remembered-login.ts";
import { clientOf, openOrder } from "./remembered-login.ts";

/** `none`: the provider has no way to be told. */
export type Revocation = { readonly kind: "done" } | { readonly kind: "none" } | { readonly kind: "failed"; readonly reason: string };

export interface LoggedOut {
  readonly record: SecretRecord;
  readonly title: string;
  readonly revocation: Revocation;
}

/** @throws VaultError `not-found`; `usage` for a secret that is no login; what opening and writing the vault say. */
export async function logOut(surroundings: Surroundings, name: string, scope: Scope | undefined): Promise<LoggedOut> {
  // The token of the moment is asked for first: that may give the login a new refresh token.
  const [login, access] = await withOpenVault(surroundings, async (vault) => {
    const found = getLogin(vault, name, scope);
    return [found, await findAccessToken(vault, found.record)];
  });
  // From here on nothing gives it another one: a refresh that is under way ends first, and the next finds no login.
  return withoutRefreshes(surroundings.paths, [login.record], async () => {
    const { record, source, revocation } = await withOpenVault(surroundings, async (vault) => {
      const found = getLogin(vault, name, scope);
      return { ...found, revocation: await revoke(found, vault, access) };
    });
    await deleteSecret(surroundings, name, record.scope);
    return { record, title: titleOf(source), revocation };
  });
}

function getLogin(vault: OpenedVault, name: string, scope: Scope | undefined): Pick<RememberedLogin, "record" | "source"> {
  const record = getSecret(vault.file.contents.secrets, name, scope);
  const { source } = record;
  if (source.kind !== "oauth2") throw new VaultError("usage", `"${name}" is no login`, `vault secrets delete ${name}`);
  return { record, source };
}

/** An agent may hold it. Nobody else does: no vault has it. */
async function findAccessToken({ agent }: OpenedVault, record: SecretRecord): Promise<string | undefined> {
  try {
    const answer = await agent?.askValue(record, undefined);
    if (answer?.kind !== "value") return undefined;
    const token = Buffer.from(answer.value.reveal()).toString();
    answer.value.wipe();
    return token;
  } catch {
    return undefined;
  }
}

async function revoke(login: Pick<RememberedLogin, "record" | "source">, vault: OpenedVault, access: string | undefined): Promise<Revocation> {
  const { source, record } = login;
  if (source.revocationEndpoint === null) return { kind: "none" };
  try {
    const order = await openOrder(vault, record);
    const client = clientOf({ source, order });
    if (client === undefined) return { kind: "none" };
    const ask = makeAsk(order.roots, new AbortController().signal);
    const tokens = [["refresh_token", order.refreshToken], ["access_token", order.access?.token ?? access]] as const;
    const server = { issuer: source.revocationEndpoint, revocation_endpoint: source.revocationEndpoint };
    for (const [hint, token] of tokens) {
      if (typeof token === "string") await revokeToken(server, source, await proverOf(proofOf(client)), { hint, token }, ask);
    }
    client.secret?.wipe();
    return { kind: "done" };
  } catch (error) {
    if (error instanceof SourceFailure) return { kind: "failed", reason: describeFailure(error.failure) };
    throw error;
  }
}

/** @throws SourceFailure. */
async function revokeToken(server: AuthorizationServer, { clientId }: Oauth2Source, prove: Awaited<ReturnType<typeof proverOf>>, { hint, token }: { readonly hint: string; readonly token: string }, ask: Ask): Promise<void> {
  const response = await revocationRequest(server, { client_id: clientId }, prove, token, { additionalParameters: { token_type_hint: hint }, [customFetch]: ask });
  if (response.status < 200 || response.status > 299) throw new SourceFailure({ reason: "bad-answer", status: response.status, said: "" });
}

function titleOf({ provider, tokenEndpoint }: Oauth2Source): string {
  return (provider === null ? undefined : findProvider(provider)?.title) ?? new URL(tokenEndpoint).host;
}
