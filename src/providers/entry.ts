// What is known of a provider of logins, and the one way from a file to it. `provider.schema.json` says the same for editors.
import { VaultError } from "../errors.ts";
import { findCanonicalBinding } from "../vault/host.ts";
import type { Form } from "../vault/json-form.ts";
import { literal, members, textOf } from "../vault/json-form.ts";
import { parseArray, parseBoolean, parseObject, parseVisibleText } from "../vault/json-shape.ts";
import { isSecretName, isServiceId } from "../vault/record.ts";
import { isEndpoint } from "../vault/source.ts";

/** Stands for the base URL, at the beginning of an endpoint, and for its host, in the place of a host. */
export const BASE = "{base}";

/** `browser`: authorization code, which comes back to a page of this machine (RFC 8252). `device`: a code that is typed in on any machine (RFC 8628). */
export type Flow = "browser" | "device";

export interface Provider {
  /** What `vault login` calls it. */
  readonly id: string;
  readonly title: string;
  /** The variable under which programs look for such a token: the secret's name, unless the user gives one. */
  readonly variable: string;
  /** Whose key the token is, of the services that come with the program: its hosts and places are the token's. Not at a base URL of the user's. */
  readonly service: string | undefined;
  /** Where else the token may go: canonical bindings, or `{base}` for the host of the base URL. None where only the user can say. */
  readonly hosts: readonly string[];
  /** There where a company has a server of its own. */
  readonly base: Base | undefined;
  readonly endpoints: Endpoints;
  /** The resource that the token is asked for (RFC 8707). */
  readonly resource: string | undefined;
  /** In order of preference. */
  readonly flows: readonly Flow[];
  /** Whether the provider checks a code challenge by S256 (RFC 7636). One that does not is sent none. */
  readonly pkce: boolean;
  readonly redirect: Redirect;
  readonly client: Client;
  readonly scopes: Scopes;
  /** What the authorization request says besides: `access_type=offline`. Names in order. */
  readonly authorizationParameters: readonly Parameter[];
  /** `rotates`: each refresh gives a new refresh token, and the old one is worth nothing. `none`: there is none, and the access token is good for long. */
  readonly refreshToken: "rotates" | "stays" | "none";
  readonly account: Account | undefined;
  readonly documentation: string;
}

export interface Base {
  /** That of the provider itself. Undefined where everybody has one of their own. */
  readonly url: string | undefined;
  readonly example: string;
}

/** Each an https URL, or `{base}` and a path. */
export interface Endpoints {
  /** There if and only if there is the flow `browser`. */
  readonly authorization: string | undefined;
  readonly token: string;
  /** There if and only if there is the flow `device`. */
  readonly device: string | undefined;
  readonly revocation: string | undefined;
  /** There if and only if the client is made by registration. */
  readonly registration: string | undefined;
}

/** The page on this machine, as the user has to register it with the client. */
export interface Redirect {
  readonly host: "127.0.0.1" | "localhost";
  /** Whether the port has to be the registered one. Otherwise any port will do, as RFC 8252 has it. */
  readonly exactPort: boolean;
}

/** `registration`: made during the login (RFC 7591), and the user needs nothing. `user`: the user has made one in the provider's settings. */
export type Client =
  | { readonly from: "registration" }
  | {
      readonly from: "user";
      /** `optional`: a client may have one, and then it is needed. `browser`: for that flow, and not for the other. */
      readonly secret: "none" | "optional" | "browser" | "always";
      /** How the secret is sent (RFC 6749, 2.3.1). */
      readonly secretIn: "basic" | "post";
      /** Where such a client is made. */
      readonly page: string;
      /** Which kind of client, and what to set there: a sentence. */
      readonly advice: string;
    };

export interface Scopes {
  /** Unless the user says others. May be empty: the provider, or the client's settings, say what they are. */
  readonly usual: readonly string[];
  readonly separator: " " | ",";
}

export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** Who has logged in: a GET with the token, and the member of the answer that says it (`.` leads into an object). */
export interface Account {
  readonly url: string;
  readonly member: string;
}

const TITLE_MAX = 80;
const ADVICE_MAX = 300;
const HOSTS_MAX = 64;
const PAIRS_MAX = 16;

/** No provider's file may set these. */
const SET_BY_PROTOCOL = ["client_id", "client_secret", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request", "request_uri", "resource", "response_mode", "response_type", "scope", "state"];

const id = textOf(isServiceId);
const link = textOf(isEndpoint);
const endpoint = textOf((text) => isEndpoint(text.startsWith(`${BASE}/`) ? text.replace(BASE, "https://base.example") : text));
const sentence = (lengthMax: number): Form<string> => (value, what) => parseVisibleText(value, lengthMax, what);
const optional = <T>(form: Form<T>): Form<T | undefined> => (value, what) => (value === undefined ? undefined : form(value, what));

/** An object with these members and no others, but for those that are for editors. */
function exactly<const T extends Readonly<Record<string, Form<unknown>>>>(forms: T, ignored: readonly string[] = []): ReturnType<typeof members<T>> {
  const form = members(forms);
  return (value, what) => {
    if (Object.keys(parseObject(value, what)).some((member) => !Object.hasOwn(forms, member) && !ignored.includes(member))) throw refuse(what, `no members but ${Object.keys(forms).join(", ")}`);
    return form(value, what);
  };
}

function list<T>(item: Form<T>, least: number, most: number): Form<readonly T[]> {
  return (value, what) => {
    const items = parseArray(value, most, what).map((one) => item(one, what));
    if (items.length < least || new Set(items).size !== items.length) throw refuse(what, "each once, and not none");
    return items;
  };
}

const parameters: Form<readonly Parameter[]> = (value, what) => {
  const entries = Object.entries(parseObject(value, what));
  if (entries.length > PAIRS_MAX || entries.some(([name, text]) => !/^[a-z][a-z0-9_]{0,63}$/.test(name) || SET_BY_PROTOCOL.includes(name) || typeof text !== "string" || !/^[\x21-\x7e]{1,512}$/.test(text))) throw refuse(what, "parameters that the protocol does not set itself, with values in visible ASCII");
  return entries.map(([name, text]) => ({ name, value: String(text) })).sort((a, b) => (a.name < b.name ? -1 : 1));
};

const client: Form<Client> = (value, what) => (parseObject(value, what)["from"] === "registration" ? registeredClient(value, what) : usersClient(value, what));
const registeredClient = exactly({ from: literal("registration") });
const usersClient = exactly({ from: literal("user"), secret: literal("none", "optional", "browser", "always"), secretIn: literal("basic", "post"), page: endpoint, advice: sentence(ADVICE_MAX) });

const form = exactly({
  id,
  title: sentence(TITLE_MAX),
  variable: textOf(isSecretName),
  service: optional(id),
  hosts: list(textOf((host) => host === BASE || findCanonicalBinding(host) !== undefined), 0, HOSTS_MAX),
  base: optional(exactly({ url: optional(textOf(isBase)), example: textOf(isBase) })),
  endpoints: exactly({ authorization: optional(endpoint), token: endpoint, device: optional(endpoint), revocation: optional(endpoint), registration: optional(endpoint) }),
  resource: optional(link),
  flows: list(literal<Flow>("browser", "device"), 1, 2),
  pkce: parseBoolean,
  redirect: exactly({ host: literal("127.0.0.1", "localhost"), exactPort: parseBoolean }),
  client,
  scopes: exactly({ usual: list(textOf(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/), 0, PAIRS_MAX), separator: literal(" ", ",") }),
  authorizationParameters: parameters,
  refreshToken: literal("rotates", "stays", "none"),
  account: optional(exactly({ url: endpoint, member: textOf(/^[A-Za-z_][A-Za-z0-9_]{0,63}(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,3}$/) })),
  documentation: link,
}, ["$schema"]);

/** @throws VaultError `bad-schema`, `out-of-bounds` unless the value describes a provider in every part, and holds nothing else. */
export function parseProvider(value: unknown): Provider {
  const provider = form(value, "a provider");
  const { endpoints, flows, base, hosts, service } = provider;
  const what = `provider "${provider.id}"`;
  if (flows.includes("browser") !== (endpoints.authorization !== undefined)) throw refuse(`the endpoints of ${what}`, "authorization, if and only if there is the flow browser");
  if (flows.includes("device") !== (endpoints.device !== undefined)) throw refuse(`the endpoints of ${what}`, "device, if and only if there is the flow device");
  if ((provider.client.from === "registration") !== (endpoints.registration !== undefined)) throw refuse(`the endpoints of ${what}`, "registration, if and only if the client is made by it");
  const isBaseUsed = [...Object.values(endpoints), ...hosts].some((text) => text?.startsWith(BASE) === true);
  if (isBaseUsed !== (base !== undefined)) throw refuse(`the base of ${what}`, "one, if and only if something stands on it");
  if (service !== undefined && base !== undefined && (base.url === undefined || hosts.length === 0)) throw refuse(`the service of ${what}`, "none, or a base of the provider's own, and hosts for other ones");
  return provider;
}

/** An https URL without query and without a `/` at its end. */
export function isBase(text: string): boolean {
  return isEndpoint(text) && !/[?]|\/$/.test(text);
}

function refuse(what: string, expected: string): VaultError {
  return new VaultError("bad-schema", `${what}: expected ${expected}`);
}
