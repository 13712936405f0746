// What the value of a secret comes from (FORMAT.md, "Sources"): the form of every source.
import { VaultError } from "../errors.ts";
import type { Form, FormOf } from "./json-form.ts";
import { integer, literal, members, nullable, sorted, textOf, variant, words } from "./json-form.ts";
import { findCanonicalBinding } from "./host.ts";


/** In UTF-16 units of its JSON. */
const LENGTH_MAX = 8192;
const DAY_S = 86_400;

const name = textOf(/^[a-z0-9][a-z0-9-]{0,63}$/);
const line = (lengthMax: number): Form<string> => textOf((text) => text.length <= lengthMax && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text));
const URL_PARTS = /^https:\/\/(\[[0-9a-f:]+\]|[a-z0-9._-]+)(:[0-9]+)?(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*)?)?$/;
const url = textOf(isEndpoint);

const life = { ttl: nullable(integer(1, 366 * DAY_S)), failureTtl: integer(0, DAY_S) };
const scopes = words(textOf(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/), 0, 64);
/** What the protocol itself sets. */
const OWN_PARAMETERS = ["assertion", "client_assertion", "client_assertion_type", "client_id", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri", "refresh_token", "scope"];
const OWN_CLAIMS = ["exp", "iat", "jti", "nbf"];
const pairs = (of: RegExp, own: readonly string[], valueLengthMax: number) => sorted(members({ name: textOf((text) => of.test(text) && !own.includes(text)), value: line(valueLengthMax) }), 0, 16, (pair) => pair.name);
const parameters = pairs(/^[a-z][a-z0-9_]{0,63}$/, OWN_PARAMETERS, 512);
const claims = pairs(/^[A-Za-z_][A-Za-z0-9_:./-]{0,63}$/, OWN_CLAIMS, 2048);
const algorithm = literal("EdDSA", "ES256", "ES384", "PS256", "RS256");
const keyId = nullable(line(256));

const withSecret = { basic: members({ kind: literal("basic") }), post: members({ kind: literal("post") }), "private-key-jwt": members({ kind: literal("private-key-jwt"), algorithm, keyId }) };

const exchange = variant({
  none: members({ kind: literal("none") }),
  "token-endpoint": members({ kind: literal("token-endpoint"), tokenEndpoint: url, scopes, parameters }),
  "github-installation": members({
    kind: literal("github-installation"),
    api: url,
    installation: integer(1, Number.MAX_SAFE_INTEGER),
    repositories: words(textOf(/^[A-Za-z0-9_.-]{1,100}$/), 0, 64),
    permissions: sorted(members({ name: textOf(/^[a-z][a-z_]{0,63}$/), access: literal("admin", "read", "write") }), 0, 64, (permission) => permission.name),
  }),
});

const region = textOf(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/);
const obtain = variant({
  "assume-role": members({
    kind: literal("assume-role"),
    roleArn: textOf(/^arn:[\x21-\x7e]{1,2000}$/),
    sessionName: textOf(/^[A-Za-z0-9_+=,.@-]{2,64}$/),
    externalId: nullable(textOf(/^[A-Za-z0-9_+=,.@:/-]{2,1224}$/)),
    policy: nullable(line(2048)),
  }),
  "session-token": members({ kind: literal("session-token") }),
  sso: members({ kind: literal("sso"), startUrl: url, region, accountId: textOf(/^[0-9]{12}$/), roleName: textOf(/^[A-Za-z0-9_+=,.@-]{1,64}$/) }),
});

const form = variant({
  stored: members({ kind: literal("stored") }),
  oauth2: members({ kind: literal("oauth2"), ...life, provider: nullable(name), issuer: nullable(url), tokenEndpoint: url, revocationEndpoint: nullable(url), clientId: line(512), clientAuth: variant({ none: members({ kind: literal("none") }), ...withSecret }), scopes, parameters }),
  "client-credentials": members({ kind: literal("client-credentials"), ...life, provider: nullable(name), issuer: nullable(url), tokenEndpoint: url, clientId: line(512), clientAuth: variant(withSecret), scopes, parameters }),
  "jwt-bearer": members({ kind: literal("jwt-bearer"), ...life, provider: nullable(name), algorithm, keyId, lifetime: integer(60, 183 * DAY_S), claims, exchange }),
  "aws-sts": members({ kind: literal("aws-sts"), ...life, region, endpoint: nullable(url), duration: integer(900, 43_200), obtain }),
  command: members({ kind: literal("command"), ...life, timeout: integer(1, 600) }),
  reference: members({ kind: literal("reference"), ...life, store: textOf(/^[a-z][a-z0-9-]{0,31}$/) }),
});

/** Its members stand in their canonical order. */
export type Source = FormOf<typeof form>;
/** One whose sealed value is not the secret itself. */
export type LivingSource = Exclude<Source, { readonly kind: "stored" }>;

/** The sealed value is the secret. */
export const STORED: Source = { kind: "stored" };

/** @throws VaultError `bad-schema`, `out-of-bounds`. */
export function parseSource(value: unknown, what: string): Source {
  const source = form(value, `the source of ${what}`);
  if (JSON.stringify(source).length > LENGTH_MAX) throw new VaultError("out-of-bounds", `the source of ${what} is longer than ${LENGTH_MAX} characters`);
  return source;
}

/** Plain data whose member order is the canonical one. */
export function encodeSource(source: Source): Source {
  // Most are, and nothing is asked of them.
  return source.kind === "stored" ? { kind: source.kind } : parseSource(source, "a secret");
}

/** Whether it is the canonical text of an https URL without credentials and fragment, as endpoints are written. */
export function isEndpoint(text: string): boolean {
  const [, host = "", port] = URL_PARTS.exec(text) ?? [];
  return text.length <= 1024 && port !== ":443" && findCanonicalBinding(`${host}${port ?? ":443"}`) !== undefined && !/\/\.\.?(?:[/?]|$)/.test(text.replace(/\?.*/, ""));
}
