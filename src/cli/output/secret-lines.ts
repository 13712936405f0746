// How a secret's metadata is shown: no command prints a value.
import { describeReason } from "../../app/sources/failure-text.ts";
import type { ValueHistory } from "../../app/sources/value-log.ts";
import { isFailing } from "../../app/sources/value-log.ts";
import type { SecretMetadata, SecretOutline, SecretTerms } from "../../vault/record.ts";
import { describeScope } from "../../vault/scope.ts";
import type { LivingSource, Source } from "../../vault/source.ts";
import { encodeSource } from "../../vault/source.ts";
import { formatDuration } from "./duration-text.ts";
import { ruleLines } from "./rule-lines.ts";
import { GAP, tableLines } from "./table.ts";
import { visible } from "./visible-text.ts";

/** @param history of a secret whose value is made; undefined where it was not looked up. */
export function secretObject(secret: SecretMetadata, history?: ValueHistory): Record<string, unknown> {
  const { name, id, scope, groups, service, hosts, places, allowPrivate, scrub, placeholder, source, rules, version, createdAt, updatedAt } = secret;
  return { name, id, scope, groups, service: service ?? null, hosts, inject: places, allowPrivate, scrub, placeholder: placeholder ?? null, rules: rules ?? null, source: source.kind, ...(source.kind === "stored" ? {} : { ttl: source.ttl, failureTtl: source.failureTtl }), ...(source.kind === "reference" ? { store: source.store } : {}), ...(source.kind === "stored" ? {} : madeObject(source, history)), version, createdAt, updatedAt };
}

/** `origin`: all that the vault's file tells of the source, which is no secret. */
function madeObject(source: LivingSource, history: ValueHistory | undefined): Record<string, unknown> {
  const origin = encodeSource(source);
  if (history === undefined) return { origin };
  const { made, failed, account } = history;
  return { origin, account: account ?? null, lastMade: made?.at ?? null, expires: made?.until ?? null, lastFailed: failed?.at ?? null, lastFailure: failed?.reason ?? null };
}

/** @param history as `secretObject` has it. */
export function secretLines(secret: SecretMetadata, history?: ValueHistory): string[] {
  return [
    `name      ${secret.name}`,
    `scope     ${describeScope(secret.scope)}`,
    ...secret.groups.map((membership) => `group     ${describeScope({ kind: "group", ...membership })}`),
    ...(secret.service === undefined ? [] : [`service   ${secret.service}`]),
    `hosts     ${secret.hosts.length === 0 ? "none: it will be refused everywhere" : secret.hosts.join(" ")}`,
    `inject    ${secret.places.join(",")}`,
    `private   ${secret.allowPrivate ? "allowed" : "refused"}`,
    ...(secret.scrub ? [] : ["scrub     no: answers are not looked through for it"]),
    ...(secret.placeholder === undefined ? [] : [`stand-in  ${secret.placeholder}`]),
    ...ruleLines(secret.rules),
    ...(secret.source.kind === "stored" ? [] : [`source    ${describeSource(secret.source)}`, ...detailLines(secret.source), ...(history === undefined ? [] : historyLines(history))]),
    `version   ${secret.version}`,
    `created   ${secret.createdAt}`,
    `updated   ${secret.updatedAt}`,
  ];
}

/** What the record itself tells; the command, or the address, is sealed. */
function describeSource(source: LivingSource): string {
  return `${describeMaker(source)}; good for ${source.ttl === null ? "an unknown time" : formatDuration(source.ttl)}, and ${formatDuration(source.failureTtl)} between failures`;
}

function detailLines(source: LivingSource): string[] {
  const scopes = scopesOf(source);
  return [...("issuer" in source && source.issuer !== null ? [`issuer    ${source.issuer}`] : []), ...(scopes.length > 0 ? [`scopes    ${scopes.join(" ")}`] : [])];
}

function scopesOf(source: Source): readonly string[] {
  return "scopes" in source ? source.scopes : "exchange" in source && "scopes" in source.exchange ? source.exchange.scopes : [];
}

function historyLines({ made, failed, account }: ValueHistory): string[] {
  return [
    ...(account === undefined ? [] : [`account   ${visible(account)}`]),
    `made      ${made === undefined ? "never yet" : `${made.at}${made.until === undefined ? "" : `, good until ${made.until}`}`}`,
    ...(failed === undefined ? [] : [`failed    ${failed.at}: ${visible(describeReason(failed.reason))}`]),
  ];
}

function describeMaker(source: LivingSource): string {
  switch (source.kind) {
    case "command":
      return `a command, up to ${formatDuration(source.timeout)}`;
    case "reference":
      return `a reference into ${source.store}`;
    case "client-credentials":
      return `a token of the client "${source.clientId}", by ${new URL(source.tokenEndpoint).host}`;
    case "jwt-bearer":
      return describeExchange(source.exchange);
    case "aws-sts":
      return `AWS ${source.obtain.kind === "assume-role" ? source.obtain.roleArn : source.obtain.kind === "sso" ? `${source.obtain.roleName} in ${source.obtain.accountId}, by single sign-on` : "session token"}, ${source.region}`;
    case "oauth2":
      return `a login${source.provider === null ? "" : ` with ${source.provider}`}, by ${new URL(source.tokenEndpoint).host}`;
  }
}

function describeExchange(exchange: Extract<LivingSource, { readonly kind: "jwt-bearer" }>["exchange"]): string {
  switch (exchange.kind) {
    case "none":
      return "a signed token";
    case "token-endpoint":
      return `a signed token, exchanged by ${new URL(exchange.tokenEndpoint).host}`;
    case "github-installation": {
      const permissions = exchange.permissions.map(({ name, access }) => `${name}=${access}`).join(",");
      return `installation ${exchange.installation} of a GitHub App, for ${exchange.repositories.join(",") || "every repository of it"}, with ${permissions || "every permission of it"}`;
    }
  }
}

/** A table of name, hosts and scope. @param width of the terminal, undefined where there is none. @param histories by id, of those whose values are made. */
export function secretTable(secrets: readonly SecretOutline[], width: number | undefined, histories: ReadonlyMap<string, ValueHistory> = new Map()): string[] {
  if (secrets.length === 0) return ["no secrets yet"];
  if (histories.size > 0) return tableLines([[HEADER, "HOSTS", "SCOPE", "SOURCE", "VALUE"], ...secrets.map(({ id, name, terms }) => [name, terms.hosts.join(" ") || "-", describeScope(terms.scope), terms.source.kind, stateOf(histories.get(id), scopesOf(terms.source))])], width);
  const rests = new Map<SecretTerms, readonly string[]>();
  const headers = ["HOSTS", "SCOPE"];
  let nameWidth = HEADER.length;
  for (const { name, terms } of secrets) {
    if (name.length > nameWidth) nameWidth = name.length;
    if (!rests.has(terms)) rests.set(terms, [terms.hosts.join(" ") || "-", describeScope(terms.scope)]);
  }
  // Thousands of secrets have few different terms, each of which is laid out once.
  const [headerEnd = "", ...lines] = tableLines([headers, ...rests.values()], undefined);
  const widest = [headerEnd, ...lines].reduce((most, { length }) => Math.max(most, length), 0);
  if (width !== undefined && nameWidth + GAP.length + widest > width) return tableLines([[HEADER, ...headers], ...secrets.map(({ name, terms }) => [name, ...(rests.get(terms) ?? [])])], width);
  const ends = new Map([...rests.keys()].map((terms, index) => [terms, `${GAP}${lines[index] ?? ""}`]));
  const table = [HEADER.padEnd(nameWidth) + GAP + headerEnd];
  for (const { name, terms } of secrets) table.push(name.padEnd(nameWidth) + (ends.get(terms) ?? ""));
  return table;
}

const HEADER = "NAME";

/** Of one value, in few words. @param scopes of the login that it is from, or of the token that is minted. */
function stateOf(history: ValueHistory | undefined, scopes: readonly string[]): string {
  if (history === undefined) return "-";
  const { made, failed, account } = history;
  const whose = `${account === undefined ? "" : `, of ${visible(account)}`}${scopes.length === 0 ? "" : `, for ${scopes.join(" ")}`}`;
  if (failed !== undefined && isFailing(history)) return `none since ${failed.at} (${visible(failed.reason)})${whose}`;
  return `${made === undefined ? "not made yet" : `made ${made.at}${made.until === undefined ? "" : `, good until ${made.until}`}`}${whose}`;
}
