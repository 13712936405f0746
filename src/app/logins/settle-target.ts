// Whom a login is at, by what the person has typed and what the vault remembers.
import { VaultError } from "../../errors.ts";
import type { Provider } from "../../providers/entry.ts";
import { findProvider, getProvider } from "../../providers/registry.ts";
import { settleProvider } from "../../providers/settle.ts";
import type { Scope } from "../../vault/scope.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { Ask } from "./ask.ts";
import { requireUrl } from "./ask.ts";
import { discover } from "./discover.ts";
import { judgeForeignLogins } from "./foreign-logins.ts";
import type { LoginTarget } from "./login-target.ts";
import { nameOf, targetOfProvider, targetOfServer } from "./login-target.ts";
import type { RememberedLogin } from "./remembered-login.ts";
import { baseOf, findRemembered, resourceOf } from "./remembered-login.ts";

/** `named`: a provider, or a login that the vault has already. */
export type AskedServer = { readonly kind: "named"; readonly word: string; readonly baseUrl: string | undefined } | { readonly kind: "issuer"; readonly address: string };

export interface TargetWish {
  readonly server: AskedServer;
  readonly name: string | undefined;
  readonly scope: Scope | undefined;
  readonly roots: string | undefined;
}

export interface SettledTarget {
  readonly target: LoginTarget;
  readonly name: string;
  readonly remembered: RememberedLogin | undefined;
  readonly roots: string | null;
  /** What the person is told before the login. */
  readonly notice: string | undefined;
}

type Look = (look: (vault: OpenedVault) => Promise<RememberedLogin | undefined>) => Promise<RememberedLogin | undefined>;

/**
 * @param look into the vault; undefined where there is none.
 * @throws VaultError `not-found` for a word that is neither; `already-exists` for a name that is no login; `usage`, `no-value`.
 */
export async function settleTarget({ server, name, scope, roots }: TargetWish, look: Look | undefined, askWith: (roots: string | null) => Ask): Promise<SettledTarget> {
  const find = async (known: string): Promise<RememberedLogin | undefined> => look?.((vault) => findRemembered(vault, known, scope));
  if (server.kind === "named") {
    const provider = findProvider(server.word);
    const known = name ?? provider?.variable ?? server.word;
    const remembered = await find(known);
    const trusted = roots ?? remembered?.order.roots ?? null;
    if (provider !== undefined) return { target: targetAt(provider, server.baseUrl, remembered), notice: undefined, name: known, remembered, roots: trusted };
    if (remembered === undefined || name !== undefined) getProvider(server.word);
    if (remembered === undefined) throw new VaultError("not-found", `there is no login "${known}"`, "those that there are: vault secrets list");
    return { ...(await targetAgain(remembered, server.baseUrl, askWith(trusted))), name: known, remembered, roots: trusted };
  }
  const known = name ?? nameOf(requireUrl(server.address, "--issuer").hostname);
  const remembered = await find(known);
  const trusted = roots ?? remembered?.order.roots ?? null;
  return { ...(await discoverTarget(server.address, askWith(trusted))), name: known, remembered, roots: trusted };
}

function targetAt(provider: Provider, baseUrl: string | undefined, remembered: RememberedLogin | undefined): LoginTarget {
  return targetOfProvider(settleProvider(provider, baseUrl ?? (remembered === undefined ? undefined : otherBase(provider, remembered))));
}

function otherBase(provider: Provider, { source }: RememberedLogin): string | undefined {
  const base = baseOf(provider, source);
  return base === provider.base?.url ? undefined : base;
}

/** A login by its own name: at the server where it was. @throws VaultError `usage`. */
async function targetAgain(remembered: RememberedLogin, baseUrl: string | undefined, ask: Ask): Promise<Pick<SettledTarget, "target" | "notice">> {
  const { record, source } = remembered;
  const provider = source.provider === null ? undefined : findProvider(source.provider);
  if (provider !== undefined) return { target: targetAt(provider, baseUrl, remembered), notice: undefined };
  const address = resourceOf(source) ?? source.issuer;
  if (address === null) throw new VaultError("usage", `the vault does not know where "${record.name}" was logged in`, `vault login --issuer URL --name ${record.name}`);
  return discoverTarget(address, ask);
}

async function discoverTarget(address: string, ask: Ask): Promise<Pick<SettledTarget, "target" | "notice">> {
  const { server, resource } = await discover(address, ask);
  if (server.challengeMethods?.includes("S256") === false) throw new VaultError("no-value", `${server.issuer} checks no code challenge by S256, without which a code that is caught on its way is as good as a login`);
  const target = targetOfServer(address, server, resource);
  return { target, notice: await judgeForeignLogins(address, target) };
}
