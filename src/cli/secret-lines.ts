// How a secret's metadata is shown: no command prints a value.
import type { SecretMetadata, SecretOutline, SecretRules } from "../vault/record.ts";
import { describeScope } from "../vault/scope.ts";
import { labelledLines } from "./table.ts";

export function secretObject(secret: SecretMetadata): Record<string, unknown> {
  const { name, id, scope, groups, service, hosts, places, allowPrivate, version, createdAt, updatedAt } = secret;
  return { name, id, scope, groups, service: service ?? null, hosts, inject: places, allowPrivate, version, createdAt, updatedAt };
}

export function secretLines(secret: SecretMetadata): string[] {
  return [
    `name      ${secret.name}`,
    `scope     ${describeScope(secret.scope)}`,
    ...secret.groups.map((membership) => `group     ${describeScope({ kind: "group", ...membership })}`),
    ...(secret.service === undefined ? [] : [`service   ${secret.service}`]),
    `hosts     ${secret.hosts.length === 0 ? "none: it will be refused everywhere" : secret.hosts.join(" ")}`,
    `inject    ${secret.places.join(",")}`,
    `private   ${secret.allowPrivate ? "allowed" : "refused"}`,
    `version   ${secret.version}`,
    `created   ${secret.createdAt}`,
    `updated   ${secret.updatedAt}`,
  ];
}

/** A table of name, hosts and scope. @param width of the terminal, undefined where there is none. */
export function secretTable(secrets: readonly SecretOutline[], width: number | undefined): string[] {
  if (secrets.length === 0) return ["no secrets yet"];
  const known = new Map<SecretRules, readonly string[]>();
  const restOf = (rules: SecretRules): readonly string[] => {
    const rest = known.get(rules) ?? [rules.hosts.join(" ") || "-", describeScope(rules.scope)];
    known.set(rules, rest);
    return rest;
  };
  return labelledLines([{ label: "NAME", rest: ["HOSTS", "SCOPE"] }, ...secrets.map(({ name, rules }) => ({ label: name, rest: restOf(rules) }))], width);
}
