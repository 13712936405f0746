// `vault login`: a person logs in at a provider, and the vault keeps what makes access tokens. Under a name that is a login there already, it is renewed.
import type { Granted } from "../../agent/sources/token-endpoint.ts";
import { requireValue } from "../../agent/sources/token-endpoint.ts";
import { VaultError } from "../../errors.ts";
import { readVault } from "../../store/vault-store.ts";
import type { Secret } from "../../secret.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { Scope } from "../../vault/scope.ts";
import { askedOnce } from "../keys/asked-once.ts";
import { missingVault } from "../keys/inside-run.ts";
import { appendAudited } from "../keys/change-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import { createSecret, requireName, rotateSecret } from "../secrets/secrets.ts";
import { requireStorable } from "../secrets/value-rules.ts";
import type { Surroundings } from "../surroundings.ts";
import { findAccount } from "./account.ts";
import type { Ask } from "./ask.ts";
import { makeAsk, toldFailures } from "./ask.ts";
import { chooseFlow } from "./choose-flow.ts";
import type { LoginPerson } from "./login-person.ts";
import type { LoginTarget } from "./login-target.ts";
import type { Obtained } from "./obtain-grant.ts";
import { obtainGrant } from "./obtain-grant.ts";
import type { RememberedLogin } from "./remembered-login.ts";
import { clientOf, requireSameServer } from "./remembered-login.ts";
import { scopesOf, sealGrant, sourceOf } from "./seal-grant.ts";
import type { AskedServer } from "./settle-target.ts";
import { settleTarget } from "./settle-target.ts";

export interface AskedLogin {
  readonly server: AskedServer;
  /** Undefined: as the provider's tokens are called. */
  readonly name: string | undefined;
  /** Who sees the secret. */
  readonly scope: Scope | undefined;
  /** Canonical bindings, beside the provider's own. */
  readonly hosts: readonly string[];
  readonly allowPrivate: boolean;
  /** What the login is for; undefined: as the last time, or what is usual. */
  readonly scopes: readonly string[] | undefined;
  readonly wantsDevice: boolean;
  readonly clientId: string | undefined;
  /** PEM. */
  readonly roots: string | undefined;
  /** Of the redirect. */
  readonly port: number | undefined;
}

export interface LoggedIn {
  readonly record: SecretRecord;
  readonly isNew: boolean;
  readonly title: string;
  /** Who, where the provider says so. */
  readonly account: string | undefined;
  /** Of the login, and not of one access token: undefined where it is renewed without the person, or has no end. */
  readonly ends: Date | undefined;
}

/** @throws VaultError `usage`, `not-found`, `already-exists`, `no-value`, `io`, and what opening and writing the vault say. */
export async function logIn(given: Surroundings, asked: AskedLogin, person: LoginPerson): Promise<LoggedIn> {
  const { surroundings, forget } = askedOnce(given);
  try {
    const signal = new AbortController().signal;
    const { target, name, remembered, roots, notice } = await toldFailures("the login", async () => settleTarget({ server: asked.server, name: asked.name, scope: asked.scope, roots: asked.roots }, await lookUp(surroundings), (trusted) => makeAsk(trusted, signal)));
    requireName(name);
    if (remembered !== undefined) requireRenewable(remembered, target, asked);
    if (notice !== undefined) person.tell(notice);
    const flow = chooseFlow(target, { wantsDevice: asked.wantsDevice, hasBrowser: person.hasBrowser });
    const scopes = scopesToAsk(target, asked.scopes, remembered);
    const client = { id: asked.clientId, remembered: remembered === undefined ? undefined : clientOf(remembered), findSecret: person.findClientSecret };
    const ask = makeAsk(roots, signal);
    return await toldFailures(`the login at ${target.title}`, () => obtainGrant({ target, flow, scopes, client, port: asked.port, roots }, person, ask, (obtained) => keep(surroundings, { asked, target, name, remembered, scopes, roots, ask }, obtained)));
  } finally {
    forget();
  }
}

interface Kept {
  readonly asked: AskedLogin;
  readonly target: LoginTarget;
  readonly name: string;
  readonly remembered: RememberedLogin | undefined;
  readonly scopes: readonly string[];
  readonly roots: string | null;
  readonly ask: Ask;
}

async function keep(surroundings: Surroundings, { asked, target, name, remembered, scopes, roots, ask }: Kept, { client, granted }: Obtained): Promise<LoggedIn> {
  const { value } = requireValue(granted);
  try {
    const source = sourceOf(target, client, scopes, granted);
    const sealed = (places: SecretRecord["places"]): Promise<Secret> => {
      requireStorable(name, value, places);
      return Promise.resolve(sealGrant(client, granted, roots));
    };
    const { service, hosts } = target.secret;
    const record = remembered === undefined
      ? await createSecret(surroundings, { name, scope: asked.scope ?? { kind: "global" }, service, hosts: [...hosts, ...asked.hosts], places: undefined, allowPrivate: asked.allowPrivate, source }, (binding) => sealed(binding.places))
      : await rotateSecret(surroundings, name, remembered.record.scope, (binding) => sealed(binding.places), source);
    const told = scopesOf(granted) ?? scopes;
    const missing = scopes.filter((scope) => scope !== "offline_access" && !told.includes(scope));
    if (missing.length > 0) surroundings.warn(`${target.title} has not granted all that was asked for: not ${missing.join(" ")}`);
    const account = await findAccount(target.account, value, ask);
    // What is told of a secret later is what the log has of it.
    if (account !== undefined) await withOpenVault(surroundings, ({ holder, file }) => appendAudited(surroundings, holder, file.contents, { kind: "login.account", secret: name, id: record.id, account }));
    return { record, isNew: remembered === undefined, title: target.title, account, ends: endOf(granted) };
  } finally {
    value.wipe();
    client.secret?.wipe();
  }
}

function endOf({ refreshToken, expiresMs }: Granted): Date | undefined {
  return refreshToken !== undefined || expiresMs === undefined ? undefined : new Date(expiresMs);
}

/** Hosts are widened by the command that says so, and by no other. @throws VaultError `already-exists`, `usage`. */
function requireRenewable(remembered: RememberedLogin, target: LoginTarget, { hosts, allowPrivate }: AskedLogin): void {
  requireSameServer(remembered, target);
  const { name, hosts: bound, allowPrivate: isAllowed } = remembered.record;
  const added = hosts.filter((host) => !bound.includes(host));
  if (added.length > 0) throw new VaultError("usage", `"${name}" is a login already, and not bound to ${added.join(" ")}`, `without --host it is renewed as it is; to bind it to more: vault secrets update ${name} --host HOST`);
  if (allowPrivate && !isAllowed) throw new VaultError("usage", `"${name}" is a login already, and goes to no private addresses`, `vault secrets update ${name} --allow-private`);
}

/** What keeps a login alive is asked for again, whatever else is. */
function scopesToAsk({ scopes: { usual } }: LoginTarget, asked: readonly string[] | undefined, remembered: RememberedLogin | undefined): readonly string[] {
  return [...new Set([...(asked ?? remembered?.source.scopes ?? usual), ...usual.filter((scope) => scope === "offline_access")])];
}

/** How the vault is looked into before anybody is asked to log in. Undefined where there is none yet. @throws VaultError `no-vault` where none is to be made. */
async function lookUp(surroundings: Surroundings): Promise<Parameters<typeof settleTarget>[1]> {
  const isThere = (await readVault(surroundings.paths)) !== undefined;
  if (!isThere && surroundings.makesVault === false) throw missingVault(surroundings);
  return isThere ? (look) => withOpenVault(surroundings, look) : undefined;
}
