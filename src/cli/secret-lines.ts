// How a secret's metadata is shown: no command prints a value.
import type { SecretRecord } from "../vault/record.ts";
import { describeScope } from "../vault/scope.ts";

export function secretObject(secret: SecretRecord): Record<string, unknown> {
  const { name, id, scope, groups, service, hosts, places, allowPrivate, version, createdAt, updatedAt } = secret;
  return { name, id, scope, groups, service: service ?? null, hosts, inject: places, allowPrivate, version, createdAt, updatedAt };
}

export function secretLines(secret: SecretRecord): string[] {
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
export function secretTable(secrets: readonly SecretRecord[]): string[] {
  if (secrets.length === 0) return ["no secrets yet"];
  const rows = [["NAME", "HOSTS", "SCOPE"], ...secrets.map((secret) => [secret.name, secret.hosts.join(" ") || "-", describeScope(secret.scope)])];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}
