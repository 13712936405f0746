// How a secret's metadata is shown: no command prints a value.
import type { SecretMetadata, SecretOutline } from "../vault/record.ts";
import { describeScope } from "../vault/scope.ts";

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

/** A table of name, hosts and scope, as wide as it needs to be. */
export function secretTable(secrets: readonly SecretOutline[]): string[] {
  if (secrets.length === 0) return ["no secrets yet"];
  const rows = [{ name: "NAME", hosts: "HOSTS", scope: "SCOPE" }, ...secrets.map(({ name, hosts, scope }) => ({ name, hosts: hosts.join(" ") || "-", scope: describeScope(scope) }))];
  const nameWidth = rows.reduce((width, { name }) => Math.max(width, name.length), 0);
  const hostsWidth = rows.reduce((width, { hosts }) => Math.max(width, hosts.length), 0);
  return rows.map(({ name, hosts, scope }) => `${name.padEnd(nameWidth)}  ${hosts.padEnd(hostsWidth)}  ${scope}`);
}
