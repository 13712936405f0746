// Whether a service of the user's own may stand beside those that are known, and what the user is told before it does.
import { domainToUnicode } from "node:url";
import { VaultError } from "../errors.ts";
import type { HostBinding } from "../vault/host.ts";
import { bindingAllows, findCanonicalBinding, formatHostBinding } from "../vault/host.ts";
import type { Credential, Service } from "./entry.ts";
import { isOwnHost } from "./entry.ts";
import { findLookedLike } from "./look-alike.ts";
import type { KnownService, Registry } from "./registry.ts";
import { findService } from "./registry.ts";

/**
 * Refuses what would lead a secret astray: an id or variable that is taken, a host of another service that the file does not own up to, a host that only looks like one.
 *
 * @param mayReplace whether a service of the user's own with that id may go.
 * @throws VaultError `already-exists`, `usage`.
 */
export function requireAdmissible(registry: Registry, service: Service, mayReplace: boolean): void {
  const namesake = findService(registry, service.id);
  if (namesake?.isOwn === false) throw new VaultError("already-exists", `"${service.id}" is a service that this program brings along, and its hosts stay as they are`, "take another id");
  if (namesake?.isOwn === true && !mayReplace) throw new VaultError("already-exists", `there is a service "${service.id}" of yours already`, "--replace puts the new one in its place");
  const others = registry.services.filter(({ id }) => id !== service.id);
  for (const name of service.variables) {
    const owner = others.find(({ variables }) => variables.includes(name));
    if (owner !== undefined) throw new VaultError("already-exists", `"${name}" means a key of "${owner.id}"`, "leave the variable out, and say --service when a secret is created");
  }
  for (const binding of bindingsOf(service)) requireOwnHost(binding, service, others);
  for (const domain of service.ownHosts) requireOwnDomain(domain, service, others);
}

function requireOwnHost(binding: HostBinding, service: Service, others: readonly KnownService[]): void {
  const sharer = others.find((other) => doesNotSay(service, other) && (bindingsOf(other).some((known) => doMeet(binding, known)) || isOwnHost(other, formatHostBinding(binding))));
  if (sharer !== undefined) throw new VaultError("already-exists", `"${binding.host}" is a host of "${sharer.id}"`, `if that is meant, the file says so: "sharesHostsWith": ["${sharer.id}"]`);
  requireNoTwin(binding.host, others);
}

/** The same for a name below which customers have hosts. */
function requireOwnDomain(domain: string, service: Service, others: readonly KnownService[]): void {
  const sharer = others.find((other) => doesNotSay(service, other) && (other.hosts.some((host) => isOwnHost(service, host)) || other.ownHosts.some((known) => `.${known}`.endsWith(`.${domain}`) || `.${domain}`.endsWith(`.${known}`))));
  if (sharer !== undefined) throw new VaultError("already-exists", `"${domain}" has hosts of "${sharer.id}"`, `if that is meant, the file says so: "sharesHostsWith": ["${sharer.id}"]`);
  requireNoTwin(domain, others);
}

function doesNotSay(service: Service, other: KnownService): boolean {
  return !service.sharesHostsWith.includes(other.id) && !other.sharesHostsWith.includes(service.id);
}

function requireNoTwin(host: string, others: readonly KnownService[]): void {
  const twin = findLookedLike(host, others.flatMap((other) => [...bindingsOf(other).map((binding) => binding.host), ...other.ownHosts]));
  if (twin !== undefined) throw new VaultError("usage", `"${host}" looks like "${twin}" and is another host`, "check the name letter by letter");
}

/** Whether some host is one of both bindings. */
export function doMeet(a: HostBinding, b: HostBinding): boolean {
  if (a.wildcard === b.wildcard) return a.host === b.host && a.port === b.port;
  return a.wildcard ? bindingAllows(a, b) : bindingAllows(b, a);
}

/** In plain words, what the user agrees to. */
export function describeAdmission(service: Service): string[] {
  return [
    `${service.title} (${service.id}): a secret named ${joinWords(service.variables, "or")}, or created with --service ${service.id}, will be sent to`,
    ...bindingsOf(service).map((binding) => `  ${describeHost(binding)}`),
    ...service.ownHosts.map((domain) => `  the host below ${domain} that is yours, which you say`),
    `and to no other host, ${joinWords(service.credentials.map(describeCredential), "or")}.`,
    ...(service.besides.length === 0 ? [] : [`Beside the key, a program may send a credential of its own in ${joinWords(service.besides, "or")}.`]),
    ...(service.sharesHostsWith.length === 0 ? [] : [`It has hosts in common with ${joinWords(service.sharesHostsWith, "and")}.`]),
  ];
}

export function describeCredential(credential: Credential): string {
  switch (credential.place) {
    case "header":
      return `in the header ${credential.header} as "${credential.form}"`;
    case "basic":
      return `in a Basic credential as "${credential.form}"`;
    case "query":
      return `in the query as ${credential.parameter}`;
    case "path":
      return `in the path as "${credential.form}"`;
  }
}

function describeHost({ host, port, wildcard }: HostBinding): string {
  const unicode = domainToUnicode(host);
  const shown = unicode === host ? host : `${host} (which is shown as ${unicode})`;
  return `${wildcard ? `every host one label below ${shown}` : shown}, port ${port}`;
}

function joinWords(words: readonly string[], word: string): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${word} ${words.at(-1) ?? ""}`;
}

function bindingsOf({ hosts }: Service): HostBinding[] {
  return hosts.map(findCanonicalBinding).filter((binding) => binding !== undefined);
}
