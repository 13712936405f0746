// Sources and rules.
import type { Vector } from "../../support/vector-file.ts";
import { tampered } from "./subject.ts";

const life = { ttl: 3600, failureTtl: 60 };
const TOKENS = "https://auth.example.com/oauth/token";
const oauth2 = { kind: "oauth2", ...life, provider: "example", issuer: "https://auth.example.com", tokenEndpoint: TOKENS, revocationEndpoint: null, clientId: "a client", clientAuth: { kind: "none" }, scopes: ["mail.read", "openid"], parameters: [{ name: "audience", value: "api.example.com" }] };
const clientCredentials = { kind: "client-credentials", ...life, provider: null, issuer: null, tokenEndpoint: "https://[::1]:8443/token?v=%2F1", clientId: "client", clientAuth: { kind: "private-key-jwt", algorithm: "ES256", keyId: "key-1" }, scopes: [], parameters: [] };
const jwtBearer = { kind: "jwt-bearer", ttl: null, failureTtl: 0, provider: null, algorithm: "RS256", keyId: null, lifetime: 3600, claims: [{ name: "aud", value: TOKENS }, { name: "iss", value: "robot@example.com" }], exchange: { kind: "token-endpoint", tokenEndpoint: TOKENS, scopes: [], parameters: [] } };
const github = { ...jwtBearer, exchange: { kind: "github-installation", api: "https://api.github.com/", installation: 9_007_199_254_740_991, repositories: ["a.b", "c"], permissions: [{ name: "contents", access: "read" }, { name: "issues", access: "write" }] } };
const assumeRole = { kind: "aws-sts", ...life, region: "eu-central-1", endpoint: null, duration: 900, obtain: { kind: "assume-role", roleArn: "arn:aws:iam::123456789012:role/reader", sessionName: "vault", externalId: null, policy: '{"Version":"2012-10-17","Statement":[]}' } };
const sso = { ...assumeRole, obtain: { kind: "sso", startUrl: "https://example.awsapps.com/start", region: "us-east-1", accountId: "123456789012", roleName: "Reader" } };
const command = { kind: "command", ...life, timeout: 30 };
const reference = { kind: "reference", ...life, store: "op" };

function source(name: string, expect: string, comment: string, value: unknown): Vector {
  return tampered(`source-${name}`, expect, comment, (record) => ({ ...record, source: value as typeof record.source }));
}
const bad = (name: string, comment: string, value: unknown): Vector => source(name, "bad-schema", comment, value);
const without = (value: object, member: string): object => Object.fromEntries(Object.entries(value).filter(([name]) => name !== member));
const scopes = (count: number, length: number): string[] => Array.from({ length: count }, (_, index) => String(index).padStart(3, "0").padEnd(length, "s"));

const none = { allow: null, deny: [], ask: [], rate: null, uses: null, until: null, maxBodyBytes: null, graphql: null };
function rules(name: string, expect: string, comment: string, changes: unknown): Vector {
  return tampered(`rules-${name}`, expect, comment, (record) => ({ ...record, rules: changes as typeof record.rules }));
}
const ruled = (name: string, comment: string, changes: object): Vector => rules(name, "bad-wrap", comment, { ...none, ...changes });
const misruled = (name: string, comment: string, changes: object): Vector => rules(name, "bad-schema", comment, { ...none, ...changes });

export const termDefects: readonly Vector[] = [
  source("client-credentials", "bad-wrap", "a client's own credentials, at an IPv6 address, with a query", clientCredentials),
  source("jwt-bearer", "bad-wrap", "a service account", jwtBearer),
  source("jwt-alone", "bad-wrap", "a token that nobody exchanges", { ...jwtBearer, exchange: { kind: "none" } }),
  source("github-installation", "bad-wrap", "an app of GitHub's", github),
  source("assume-role", "bad-wrap", "a role of AWS", assumeRole),
  source("session-token", "bad-wrap", "a session of AWS", { ...assumeRole, obtain: { kind: "session-token" } }),
  source("sso", "bad-wrap", "AWS by single sign-on", sso),
  source("command", "bad-wrap", "a program's output, in the place of what was stored: the source is bound to the value", command),
  source("reference", "bad-wrap", "another store, likewise", reference),
  source("oauth2", "bad-wrap", "a login, likewise", oauth2),
  source("oauth2-basic", "bad-wrap", "one whose client has a secret", { ...oauth2, clientAuth: { kind: "basic" } }),
  source("oauth2-not-canonical", "not-canonical", "members of a login in another order", { ...without(oauth2, "ttl"), ttl: 1 }),
  tampered("source-before-later-members", "bad-schema", "a source of no known kind beside a version that is out of bounds: the source stands first", (record) => ({ ...record, source: { kind: "oracle" }, version: 0 })),
  tampered("source-behind-earlier-members", "bad-schema", "a source that is out of bounds behind a place that is none: the place stands first", (record) => ({ ...record, places: ["trailer"], source: { ...command, ttl: 0 } })),
  source("command-not-canonical", "not-canonical", "members of a known source in another order", { ...without(command, "ttl"), ttl: 1 }),
  bad("missing", "no source", undefined),
  bad("null", "no source", null),
  bad("text", "no object", "stored"),
  bad("kind-unknown", "a kind that version 1 does not have", { kind: "oracle" }),
  bad("kind-proto", "a kind named as what every object inherits", { kind: "constructor" }),
  source("stored-with-member", "not-canonical", "a member that `stored` does not have", { kind: "stored", ttl: 1 }),
  ...Object.keys(oauth2).slice(1).map((member) => bad(`oauth2-no-${member.toLowerCase()}`, `oauth2 without ${member}`, without(oauth2, member))),
  ...["http://auth.example.com/", "https://auth.example.com:443/", "https://auth.example.com:0443/", "https://AUTH.example.com/", "https://u@auth.example.com/", "https://auth.example.com/#f", "https://auth.example.com?x", "https://auth.example.com/a/../b", "https://auth.example.com/a b",
    "https://auth.example.com/%2f", "https://*.example.com/", "https://auth.example.com./", "https://127.1/", "https:///x", `https://auth.example.com/${"x".repeat(1000)}`].map((url, index) => bad(`url-${index + 1}`, `no URL: ${url.slice(0, 40)}`, { ...oauth2, tokenEndpoint: url })),
  bad("client-auth-none", "client credentials without a secret", { ...clientCredentials, clientAuth: { kind: "none" } }),
  bad("scopes-unsorted", "scopes are sorted", { ...oauth2, scopes: ["b", "a"] }),
  bad("scope-blank", "a space within a scope", { ...oauth2, scopes: ["a b"] }),
  bad("parameter-own", "a parameter that the protocol sets", { ...oauth2, parameters: [{ name: "grant_type", value: "x" }] }),
  bad("parameters-unsorted", "parameters are sorted by name", { ...oauth2, parameters: [{ name: "b", value: "x" }, { name: "a", value: "x" }] }),
  bad("claim-own", "a claim that the program sets", { ...jwtBearer, claims: [{ name: "exp", value: "1" }] }),
  bad("algorithm", "an algorithm with a shared secret", { ...jwtBearer, algorithm: "HS256" }),
  bad("permission", "no access of GitHub's", { ...github, exchange: { ...github.exchange, permissions: [{ name: "contents", access: "all" }] } }),
  bad("account", "11 digits", { ...sso, obtain: { ...sso.obtain, accountId: "12345678901" } }),
  ...Object.keys(command).slice(1).map((member) => bad(`command-no-${member.toLowerCase()}`, `a command without ${member}`, without(command, member))),
  source("command-with-member", "not-canonical", "a member that `command` does not have", { ...command, shell: true }),
  source("failure-ttl-long", "out-of-bounds", "more than a day", { ...command, failureTtl: 86_401 }),
  bad("store-upper-case", "a store in capitals", { ...reference, store: "OP" }),
  source("ttl-zero", "out-of-bounds", "a life of no seconds", { ...command, ttl: 0 }),
  source("ttl-long", "out-of-bounds", "more than 366 days", { ...command, ttl: 31_622_401 }),
  source("timeout-long", "out-of-bounds", "601 seconds", { ...command, timeout: 601 }),
  source("duration-short", "out-of-bounds", "899 seconds", { ...assumeRole, duration: 899 }),
  source("scopes-too-many", "out-of-bounds", "65 scopes", { ...oauth2, scopes: scopes(65, 3) }),
  source("long", "out-of-bounds", "8,193 UTF-16 units and more", { ...oauth2, scopes: scopes(64, 200) }),

  ruled("allow", "what is allowed", { allow: ["* /public/*", "GET,HEAD /repos/**", "POST /v1/models/*:generate"] }),
  ruled("deny-ask", "what is denied, and what is asked for", { deny: ["* /admin/**"], ask: ["DELETE /**"] }),
  ruled("root", "the shortest path", { allow: ["GET /"] }),
  ruled("last-slash", "a path that ends in a slash, and letters beyond ASCII", { deny: ["M-SEARCH /b\u00fccher/"] }),
  ruled("limits", "how often, how long, how much", { rate: { perMinute: 60, burst: 10 }, uses: 1, until: "2027-01-01T00:00:00.000Z", maxBodyBytes: 0 }),
  ruled("graphql", "queries of two fields", { graphql: { operations: ["query"], fields: ["repository", "viewer"] } }),
  misruled("empty", "rules that say nothing are null", {}),
  misruled("allow-empty", "an empty list would allow nothing", { allow: [] }),
  ...["GET", "GET repos", "GET  /a", " /a", "get /a", "GET,GET /a", "POST,GET /a", "*,GET /a", "GET /a//b", "GET /./a", "GET /a/..", "GET /a?b", "GET /a#b", "GET /%61", "GET /a\\b", "GET /a**", "GET /***", "GET /a b ", "GET /a\u200bb", `GET /${"a".repeat(508)}`, `${Array.from({ length: 17 }, (_, index) => `M${index + 10}`).join(",")} /`].map((pattern, index) =>
    misruled(`pattern-${index + 1}`, `no pattern: ${JSON.stringify(pattern.slice(0, 40))}`, { deny: [pattern] })),
  misruled("unsorted", "patterns are sorted", { deny: ["PUT /a", "GET /a"] }),
  misruled("rate-text", "a rate that is text", { rate: "60/m" }),
  misruled("until-day", "a day alone", { until: "2027-01-01" }),
  misruled("graphql-empty", "no operation", { graphql: { operations: [], fields: null } }),
  misruled("graphql-operation", "no operation of GraphQL's", { graphql: { operations: ["delete"], fields: null } }),
  rules("missing", "bad-schema", "no rules, not even null", undefined),
  rules("list", "bad-schema", "no object", []),
  ...Object.keys(none).map((member) => rules(`no-${member.toLowerCase()}`, "bad-schema", `rules without ${member}`, without({ ...none, uses: 1, rate: { perMinute: 1, burst: 1 } }, member))),
  rules("uses-zero", "out-of-bounds", "no use at all", { ...none, uses: 0 }),
  rules("rate-zero", "out-of-bounds", "no request a minute", { ...none, rate: { perMinute: 0, burst: 1 } }),
  rules("patterns-too-many", "out-of-bounds", "65 patterns", { ...none, deny: scopes(65, 3).map((name) => `GET /${name}`) }),
  rules("long", "out-of-bounds", "16,385 UTF-16 units and more", { ...none, deny: scopes(64, 300).map((name) => `GET /${name}`) }),
];
