// What the value of a secret comes from (FORMAT.md, "Sources"): the form of every source, and those that this version works with.
import { VaultError } from "../errors.ts";
import type { Form, FormOf } from "./json-form.ts";
import { integer, literal, members, nullable, sorted, textOf, variant, words } from "./json-form.ts";
import { findCanonicalBinding } from "./host.ts";

/** Those whose values this version can make. To add one, FORMAT.md, the vectors and the second opinion have to know it as well. */
const KNOWN = ["stored", "command", "reference", "oauth2"] as const;

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

/** A source that this version works with. Its members stand in their canonical order. */
export type Source = Extract<FormOf<typeof form>, { readonly kind: (typeof KNOWN)[number] }>;
/** One whose sealed value is not the secret itself. */
export type LivingSource = Exclude<Source, { readonly kind: "stored" }>;

/** The sealed value is the secret. */
export const STORED: Source = { kind: "stored" };

/** @throws VaultError `bad-schema`, `out-of-bounds`; `newer-version` for a source that is right, and that this version does not know. */
export function parseSource(value: unknown, what: string): Source {
  const source = form(value, `the source of ${what}`);
  if (JSON.stringify(source).length > LENGTH_MAX) throw new VaultError("out-of-bounds", `the source of ${what} is longer than ${LENGTH_MAX} characters`);
  if (!isKnown(source)) throw new VaultError("newer-version", `the value of ${what} comes from a source that a newer version of this program knows ("${source.kind}")`, "update vault; the file was left untouched");
  return source;
}

/** Plain data whose member order is the canonical one. */
export function encodeSource(source: Source): Source {
  switch (source.kind) {
    case "stored":
      return { kind: source.kind };
    case "command":
      return { kind: source.kind, ttl: source.ttl, failureTtl: source.failureTtl, timeout: source.timeout };
    case "reference":
      return { kind: source.kind, ttl: source.ttl, failureTtl: source.failureTtl, store: source.store };
    case "oauth2": {
      const { kind, ttl, failureTtl, provider, issuer, tokenEndpoint, revocationEndpoint, clientId, clientAuth, scopes, parameters } = source;
      return { kind, ttl, failureTtl, provider, issuer, tokenEndpoint, revocationEndpoint, clientId, clientAuth: encodeClientAuth(clientAuth), scopes: [...scopes], parameters: parameters.map(({ name: parameter, value }) => ({ name: parameter, value })) };
    }
  }
}

/** Whether it is the canonical text of an https URL without credentials and fragment, as endpoints are written. */
export function isEndpoint(text: string): boolean {
  const [, host = "", port] = URL_PARTS.exec(text) ?? [];
  return text.length <= 1024 && port !== ":443" && findCanonicalBinding(`${host}${port ?? ":443"}`) !== undefined && !/\/\.\.?(?:[/?]|$)/.test(text.replace(/\?.*/, ""));
}

function encodeClientAuth(auth: Extract<Source, { readonly kind: "oauth2" }>["clientAuth"]): typeof auth {
  return auth.kind === "private-key-jwt" ? { kind: auth.kind, algorithm: auth.algorithm, keyId: auth.keyId } : { kind: auth.kind };
}

function isKnown(source: FormOf<typeof form>): source is Source {
  return KNOWN.some((kind) => kind === source.kind);
}
