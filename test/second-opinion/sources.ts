// FORMAT.md, "Sources" and "Rules".
import { ascending, demand, integer, list, literal, matching, members, orNull, sorted, text, variant } from "./grammar.ts";
import type { Form } from "./grammar.ts";
import { host, time } from "./texts.ts";
import { isVisible } from "./visible.ts";

/** `form`, whose canonical text has at most so many UTF-16 units. */
const atMost = <T>(most: number, form: Form<T>): Form<T> => (value) => {
  const found = form(value);
  demand(JSON.stringify(found).length <= most, "out-of-bounds");
  return found;
};

const printable = (most: number): Form<string> => text((line) => line.length >= 1 && line.length <= most && /^[ -~]+$/.test(line) && line.trim() === line);

const url: Form<string> = text((address) => {
  const match = /^https:\/\/(?<authority>[^/?#]+)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/.exec(address)?.groups;
  if (match?.authority === undefined || address.length > 1024 || (match.path === undefined && address.includes("?"))) return false;
  const hasPort = /:[0-9]+$/.test(match.authority) && !match.authority.endsWith("]");
  const isHost = !match.authority.startsWith("*") && !match.authority.endsWith(":443") && (() => {
    try {
      host(hasPort ? match.authority : `${match.authority}:443`);
      return true;
    } catch {
      return false;
    }
  })();
  const isSpelt = (part: string, further: RegExp): boolean => part.replaceAll(/%[0-9A-F]{2}/g, "").split("").every((letter) => /[A-Za-z0-9._~!$&'()*+,;=:@/-]/.test(letter) || further.test(letter));
  return isHost && isSpelt(match.path ?? "", /[^\s\S]/) && isSpelt(match.query ?? "", /\?/) && !(match.path ?? "").split("/").some((segment) => segment === "." || segment === "..");
});

const id = matching(/^[a-z0-9][a-z0-9-]{0,63}$/);
const year = 366 * 86_400;
const start = <const K extends string>(kind: K): { readonly kind: Form<K>; readonly ttl: Form<number | null>; readonly failureTtl: Form<number> } => ({ kind: literal(kind), ttl: orNull(integer(1, year)), failureTtl: integer(0, 86_400) });
const scopes = ascending(matching(/^[!#-[\]-~]{1,256}$/), 0, 64);

const pairs = (name: RegExp, never: string, longest: number): Form<readonly { readonly name: string; readonly value: string }[]> => {
  const isName: Form<string> = text((candidate) => name.test(candidate) && !never.split(" ").includes(candidate));
  return sorted(list(members({ name: isName, value: printable(longest) }), 16), (a, b) => a.name < b.name);
};
const parameters = pairs(/^[a-z][a-z0-9_]{0,63}$/, "assertion client_assertion client_assertion_type client_id client_secret code code_verifier grant_type redirect_uri refresh_token scope", 512);
const claims = pairs(/^[A-Za-z_][A-Za-z0-9_:./-]{0,63}$/, "exp iat jti nbf", 2048);

const signing = { algorithm: literal("EdDSA", "ES256", "ES384", "PS256", "RS256"), keyId: orNull(printable(256)) };
const confidential: Readonly<Record<string, Form<unknown>>> = {
  "basic": members({ kind: literal("basic") }),
  "post": members({ kind: literal("post") }),
  "private-key-jwt": members({ kind: literal("private-key-jwt"), ...signing }),
};
const anyClient = variant<unknown>("kind", { ...confidential, none: members({ kind: literal("none") }) });

const exchange = variant<unknown>("kind", {
  "none": members({ kind: literal("none") }),
  "token-endpoint": members({ kind: literal("token-endpoint"), tokenEndpoint: url, scopes, parameters }),
  "github-installation": members({
    kind: literal("github-installation"), api: url, installation: integer(1, Number.MAX_SAFE_INTEGER), repositories: ascending(matching(/^[A-Za-z0-9_.-]{1,100}$/), 0, 64),
    permissions: sorted(list(members({ name: matching(/^[a-z][a-z_]{0,63}$/), access: literal("admin", "read", "write") }), 64), (a, b) => a.name < b.name),
  }),
});

const region = matching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
const obtain = variant<unknown>("kind", {
  "assume-role": members({
    kind: literal("assume-role"), roleArn: matching(/^arn:[!-~]{1,2000}$/), sessionName: matching(/^[A-Za-z0-9_+=,.@-]{2,64}$/),
    externalId: orNull(matching(/^[A-Za-z0-9_+=,.@:/-]{2,1224}$/)), policy: orNull(printable(2048)),
  }),
  "session-token": members({ kind: literal("session-token") }),
  "sso": members({ kind: literal("sso"), startUrl: url, region, accountId: matching(/^[0-9]{12}$/), roleName: matching(/^[A-Za-z0-9_+=,.@-]{1,64}$/) }),
});

export interface Source {
  readonly kind: string;
  readonly [member: string]: unknown;
}

export const source: Form<Source> = atMost(8192, variant<Source>("kind", {
  "stored": members({ kind: literal("stored") }),
  "oauth2": members({ ...start("oauth2"), provider: orNull(id), issuer: orNull(url), tokenEndpoint: url, revocationEndpoint: orNull(url), clientId: printable(512), clientAuth: anyClient, scopes, parameters }),
  "client-credentials": members({ ...start("client-credentials"), provider: orNull(id), issuer: orNull(url), tokenEndpoint: url, clientId: printable(512), clientAuth: variant("kind", confidential), scopes, parameters }),
  "jwt-bearer": members({ ...start("jwt-bearer"), provider: orNull(id), ...signing, lifetime: integer(60, 183 * 86_400), claims, exchange }),
  "aws-sts": members({ ...start("aws-sts"), region, endpoint: orNull(url), duration: integer(900, 43_200), obtain }),
  "command": members({ ...start("command"), timeout: integer(1, 600) }),
  "reference": members({ ...start("reference"), store: matching(/^[a-z][a-z0-9-]{0,31}$/) }),
}));

const METHOD = "[A-Z]([A-Z0-9-]{0,30}[A-Z0-9])?";
const pattern: Form<string> = text((candidate) => {
  const [, methods = "", path = ""] = new RegExp(`^(\\*|${METHOD}(?:,${METHOD}){0,15}) (/.*)$`).exec(candidate)?.filter((_, index) => index === 0 || index === 1 || index === 4) ?? [];
  const names = methods.split(",");
  if (candidate.length > 512 || path === "" || names.slice(1).some((name, index) => (names[index] ?? "") >= name)) return false;
  const segments = path.slice(1).split("/");
  return segments.every((segment, index) => (index === segments.length - 1 && segment === "") || segment === "**"
    || (isVisible(segment, 512) && ![".", ".."].includes(segment) && !/\*\*|[%?#\\]/.test(segment)));
});

const limits = {
  rate: orNull(members({ perMinute: integer(1, 1_000_000), burst: integer(1, 1_000_000) })),
  uses: orNull(integer(1, 2 ** 31 - 1)),
  until: orNull(time),
  maxBodyBytes: orNull(integer(0, Number.MAX_SAFE_INTEGER)),
  graphql: orNull(members({
    operations: ascending(literal("mutation", "query", "subscription"), 1, 3),
    fields: orNull(ascending(matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), 1, 64)),
  })),
};
const someRules = members({ allow: orNull(ascending(pattern, 1, 64)), deny: ascending(pattern, 0, 64), ask: ascending(pattern, 0, 64), ...limits });

export const rules: Form<object | null> = orNull(atMost(16_384, (value) => {
  const found = someRules(value);
  demand(Object.values(found).some((part) => part !== null && (!Array.isArray(part) || part.length > 0)));
  return found;
}));
