// How services are shown.
import { describeCredential } from "../../services/admission.ts";
import type { Preset } from "../../services/presets.ts";
import type { KnownService } from "../../services/registry.ts";
import { tableLines } from "./table.ts";

export function serviceObject({ id, title, variables, hosts, ownHosts, sharesHostsWith, credentials, besides, placeholders, documentation, isOwn }: KnownService): Record<string, unknown> {
  return { id, title, variables, hosts, ownHosts, sharesHostsWith, credentials, besides, placeholders: placeholders.map(({ text }) => text), documentation, own: isOwn };
}

/** As in the file, with null and empty lists where that says nothing. */
export function presetObject({ name, summary, rules: { allow, deny, graphql } }: Preset): Record<string, unknown> {
  return { name, summary, allow, deny, graphql };
}

export function serviceLines(service: KnownService, presets: readonly Preset[]): string[] {
  const rows = (label: string, texts: readonly string[]): string[] => texts.map((text) => `${label.padEnd(11)} ${text}`);
  return [
    ...rows("id", [service.id]),
    ...rows("title", [service.isOwn ? `${service.title} (added by you)` : service.title]),
    ...rows("variables", [service.variables.join(" ")]),
    ...rows("host", service.hosts),
    ...rows("your host", service.ownHosts.map((domain) => `one below ${domain}: --host says which`)),
    ...rows("shares with", service.sharesHostsWith),
    ...rows("key", service.credentials.map(describeCredential)),
    ...rows("looks like", service.placeholders.map(({ text }) => text)),
    ...rows("beside it", service.besides.map((header) => `a user's own credential in the header ${header}`)),
    ...rows("preset", presets.map(({ name, summary }) => `${name}: ${summary}`)),
    ...rows("see", [service.documentation]),
  ];
}

/** A table of id, variables and hosts. @param width of the terminal, undefined where there is none. */
export function serviceTable(services: readonly KnownService[], width: number | undefined): string[] {
  return tableLines([["SERVICE", "VARIABLES", "HOSTS"], ...services.map(({ id, variables, hosts, ownHosts, isOwn }) => [isOwn ? `${id} (yours)` : id, variables.join(" "), [...hosts, ...ownHosts.map((domain) => `<yours>.${domain}`)].join(" ")])], width);
}
