// The login itself: from the page at the provider, or a code, to the first tokens.
import { setTimeout as pause } from "node:timers/promises";
import { customFetch, deviceAuthorizationRequest } from "oauth4webapi";
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import type { Granted, TokenOrder } from "../../agent/sources/token-endpoint.ts";
import { askTokenEndpoint, postTokenRequest, proverOf, readGranted } from "../../agent/sources/token-endpoint.ts";
import { VaultError } from "../../errors.ts";
import type { Flow } from "../../providers/entry.ts";
import { EXACT_PORT } from "../../providers/redirect.ts";
import type { Ask } from "./ask.ts";
import { authorizationUrl, drawCodeSecrets, readArrival } from "./code-flow.ts";
import type { DeviceCode } from "./device-flow.ts";
import { askUntilTyped, readDeviceCode } from "./device-flow.ts";
import { judgeForeignPages } from "./foreign-logins.ts";
import type { ClientWish, LoginClient } from "./login-client.ts";
import { findClient, proofOf } from "./login-client.ts";
import type { LoginPerson } from "./login-person.ts";
import type { LoginTarget } from "./login-target.ts";
import { registerClient } from "./register-client.ts";

export interface GrantWish {
  readonly target: LoginTarget;
  readonly flow: Flow;
  readonly scopes: readonly string[];
  readonly client: ClientWish;
  /** As typed. */
  readonly port: number | undefined;
  readonly roots: string | null;
}

export interface Obtained {
  readonly client: LoginClient;
  readonly granted: Granted;
}

/**
 * @param keep stores what was obtained: the page in the browser says what became of that. What it returns is returned.
 * @throws VaultError `no-value`, `usage`, `io`; SourceFailure; what `keep` throws.
 */
export async function obtainGrant<T>(wish: GrantWish, person: LoginPerson, ask: Ask, keep: (obtained: Obtained) => Promise<T>): Promise<T> {
  return wish.flow === "browser" ? obtainByBrowser(wish, person, ask, keep) : keep(await obtainByCode(wish, person, ask));
}

async function obtainByBrowser<T>({ target, scopes, client: clientWish, port, roots }: GrantWish, person: LoginPerson, ask: Ask, keep: (obtained: Obtained) => Promise<T>): Promise<T> {
  const { endpoints: { authorization, registration }, title, redirect: { host, exactPort } } = target;
  if (authorization === undefined) throw new VaultError("no-value", `${title} has no page to log in at`);
  const named = await findClient(target, "browser", clientWish);
  const secrets = drawCodeSecrets();
  const redirect = await person.openRedirect({ state: secrets.state, host, port: port ?? (exactPort ? EXACT_PORT : undefined) });
  try {
    const client = named ?? (await registerClient({ title, endpoint: registration ?? "", flow: "browser", redirectUri: redirect.uri, scopes }, ask));
    const request = { ...secrets, clientId: client.id, redirectUri: redirect.uri, scopes };
    await showPage(title, authorizationUrl(authorization, target, request), redirect.lead, person);
    const arrival = await redirect.arrival;
    try {
      const code = readArrival(target, client.id, secrets.state, arrival.parameters);
      const parameters = [{ name: "code", value: code }, { name: "redirect_uri", value: redirect.uri }, ...(target.pkce ? [{ name: "code_verifier", value: secrets.verifier }] : []), ...resourceOf(target)];
      const granted = await askTokenEndpoint({ ...orderOf(target, client, roots), grantType: "authorization_code", parameters });
      const kept = await keep({ client, granted });
      await arrival.tell({ kind: "done", at: title });
      return kept;
    } catch (error) {
      await arrival.tell({ kind: "failed", reason: error instanceof VaultError ? error.message : `${title} gave no login` });
      throw error;
    }
  } finally {
    redirect.close();
  }
}

async function showPage(title: string, page: string, lead: (page: string) => string, person: LoginPerson): Promise<void> {
  const isOpen = person.hasBrowser && (await person.openPage(lead(page)));
  person.tell(isOpen ? `your browser leads to ${title}; if it does not, open this page in a browser of this machine:` : `to log in at ${title}, open this page in a browser of this machine:`);
  person.tell(page);
}

async function obtainByCode({ target, scopes, client: clientWish, roots }: GrantWish, person: LoginPerson, ask: Ask): Promise<Obtained> {
  const { endpoints: { device, registration }, title } = target;
  if (device === undefined) throw new VaultError("no-value", `${title} has no way to log in by a code`);
  const client = (await findClient(target, "device", clientWish)) ?? (await registerClient({ title, endpoint: registration ?? "", flow: "device", redirectUri: undefined, scopes }, ask));
  const code = await requestCode(target, device, client, scopes, ask);
  const notice = await judgeForeignPages(target, code);
  if (notice !== undefined) person.tell(notice);
  await showCode(title, code, person);
  const order = { ...orderOf(target, client, roots), grantType: "urn:ietf:params:oauth:grant-type:device_code", parameters: [{ name: "device_code", value: code.deviceCode }, ...resourceOf(target)] };
  let status = 0;
  const text = await askUntilTyped(title, code, {
    nowMs: () => Date.now(),
    wait: async (ms) => { await pause(ms); },
    ask: async () => {
      try {
        const answer = await postTokenRequest(order);
        status = answer.status;
        return answer.text;
      } catch (error) {
        if (error instanceof SourceFailure && (error.failure.reason === "timed-out" || error.failure.reason === "unreachable")) return undefined;
        throw error;
      }
    },
  });
  return { client, granted: readGranted(status, text, Date.now()) };
}

async function requestCode(target: LoginTarget, endpoint: string, client: LoginClient, scopes: readonly string[], ask: Ask): Promise<DeviceCode> {
  const { title, scopes: { separator } } = target;
  const parameters = { ...(scopes.length === 0 ? {} : { scope: scopes.join(separator) }), ...Object.fromEntries(resourceOf(target).map(({ name, value }) => [name, value])) };
  const server = { issuer: endpoint, device_authorization_endpoint: endpoint };
  const response = await deviceAuthorizationRequest(server, { client_id: client.id }, await proverOf(proofOf(client)), parameters, { [customFetch]: ask });
  return readDeviceCode(title, response.status, await response.text(), Date.now());
}

async function showCode(title: string, { page, pageWithCode, userCode }: DeviceCode, person: LoginPerson): Promise<void> {
  person.tell(`to log in at ${title}, open this page on any machine: ${page}`);
  person.tell(`and enter this code there: ${userCode}`);
  if (pageWithCode !== undefined) person.tell(`or open the page that has the code in it: ${pageWithCode}`);
  if (person.hasBrowser) await person.openPage(pageWithCode ?? page);
}

function resourceOf({ resource }: LoginTarget): { readonly name: string; readonly value: string }[] {
  return resource === undefined ? [] : [{ name: "resource", value: resource }];
}

/** What every question to the token endpoint says. */
function orderOf({ endpoints, issuer }: LoginTarget, client: LoginClient, roots: string | null): Omit<TokenOrder, "grantType" | "parameters"> {
  return { tokenEndpoint: endpoints.token, issuer: issuer ?? null, clientId: client.id, proof: proofOf(client), roots, nowMs: Date.now(), signal: new AbortController().signal };
}
