// What is known of a service, and the one way from a file to it. `service.schema.json` says the same for editors.
import { VaultError } from "../errors.ts";
import { findCanonicalBinding } from "../vault/host.ts";
import * as json from "../vault/json-shape.ts";
import type { Place } from "../vault/place.ts";
import { DEFAULT_PLACES } from "../vault/place.ts";
import type { PlaceholderTemplate } from "../vault/placeholder-template.ts";
import { findPlaceholderTemplate } from "../vault/placeholder-template.ts";
import { HOSTS_MAX, isSecretName, isServiceId } from "../vault/record.ts";
import type { Preset } from "./presets.ts";
import { parsePresets } from "./presets.ts";

/** Where in a request the key stands; `{key}` in a form is the key. The form of `basic` is `user:password` before its base64. */
export type Credential =
  | { readonly place: "header"; readonly header: string; readonly form: string }
  | { readonly place: "basic"; readonly form: string }
  | { readonly place: "query"; readonly parameter: string }
  | { readonly place: "path"; readonly form: string };

export interface Service {
  /** What `--service` and the vault file call it. */
  readonly id: string;
  readonly title: string;
  /** Variables that hold its key by convention: a secret of that name is pinned to its hosts. */
  readonly variables: readonly string[];
  /** Canonical host bindings, sorted. None where each customer has a host. */
  readonly hosts: readonly string[];
  /** Names below which each customer has a host that gets the key as well. Which, the user says. */
  readonly ownHosts: readonly string[];
  /** Services that have a host in common with this one on purpose. */
  readonly sharesHostsWith: readonly string[];
  readonly credentials: readonly Credential[];
  /** Headers in which it takes the credential of a user of its own beside the key, in lower case. */
  readonly besides: readonly string[];
  /** What keys look like, as far as everybody may know: a placeholder has the beginning of its value, where that is one of these, and else the first form. */
  readonly placeholders: readonly PlaceholderTemplate[];
  readonly documentation: string;
  /** Those of its file. What comes with the program has them in files of their own: see preset-registry.ts. */
  readonly presets: readonly Preset[];
}

const VARIABLES_MAX = 16;
const CREDENTIALS_MAX = 8;
const TITLE_MAX = 80;
const PLACEHOLDERS_MAX = 16;
const OWN_HOSTS_MAX = 16;
const HEADER = /^[a-z][a-z0-9-]{0,63}$/;
const FORM = /^[\x21-\x7E](?:[\x20-\x7E]{0,118}[\x21-\x7E])?$/;
const PARAMETER = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const TEMPLATES_EXPECTED = 'templates with 128 bits at their end, such as "ghp_[A-Za-z0-9]{36}"';
const MEMBERS = ["$schema", "id", "title", "variables", "hosts", "ownHosts", "sharesHostsWith", "credentials", "besides", "placeholders", "documentation", "presets"];

/** @throws VaultError `bad-schema`, `out-of-bounds` unless the value describes a service in every part, and holds nothing else. */
export function parseService(value: unknown): Service {
  const entry = json.parseObject(value, "a service");
  requireMembers(entry, MEMBERS, "a service");
  const id = json.parseText(entry["id"], "the id of a service");
  if (!isServiceId(id)) throw refuse("a service", "an id of small letters, digits and -");
  const what = `service "${id}"`;
  return {
    id,
    title: json.parseVisibleText(entry["title"], TITLE_MAX, `the title of ${what}`),
    variables: parseWords(entry["variables"], VARIABLES_MAX, `the variables of ${what}`, isSecretName, "names of variables"),
    hosts: entry["hosts"] === undefined && entry["ownHosts"] !== undefined ? [] : parseWords(entry["hosts"], HOSTS_MAX, `the hosts of ${what}`, (host) => findCanonicalBinding(host) !== undefined, "hosts with a port, such as api.example.com:443").sort(),
    ownHosts: entry["ownHosts"] === undefined ? [] : parseWords(entry["ownHosts"], OWN_HOSTS_MAX, `ownHosts of ${what}`, isDomain, "names of two labels at least, without a port, such as customers.example.com"),
    sharesHostsWith: entry["sharesHostsWith"] === undefined ? [] : parseWords(entry["sharesHostsWith"], HOSTS_MAX, `sharesHostsWith of ${what}`, isServiceId, "ids of services"),
    credentials: parseCredentials(entry["credentials"], what),
    besides: entry["besides"] === undefined ? [] : parseWords(entry["besides"], CREDENTIALS_MAX, `besides of ${what}`, (header) => HEADER.test(header), "names of headers in small letters"),
    placeholders: parsePlaceholders(entry["placeholders"], what),
    documentation: parseLink(entry["documentation"], what),
    presets: entry["presets"] === undefined ? [] : parsePresets(entry["presets"], what),
  };
}

/** The places of a secret that is pinned to the service, unless the user says others. */
export function placesOf({ credentials }: Service): readonly Place[] {
  return [...new Set([...DEFAULT_PLACES, ...credentials.map(({ place }) => place)])].sort();
}

/** Whether a host is one that each customer has, and only the user can say. @param host canonical text of a binding. */
export function isOwnHost({ ownHosts }: Pick<Service, "ownHosts">, host: string): boolean {
  const name = findCanonicalBinding(host)?.host ?? "";
  return ownHosts.some((domain) => name.endsWith(`.${domain}`));
}

function isDomain(name: string): boolean {
  return name.includes(".") && findCanonicalBinding(`*.${name}:443`)?.host === name;
}

function parseWords(value: unknown, max: number, what: string, isWord: (word: string) => boolean, expected: string): string[] {
  const words = json.parseArray(value, max, what).map((word) => json.parseText(word, what));
  if (words.length === 0 || new Set(words).size !== words.length || !words.every(isWord)) throw refuse(what, `${expected}, each once`);
  return words;
}

function parseCredentials(value: unknown, what: string): Credential[] {
  const credentials = json.parseArray(value, CREDENTIALS_MAX, `the credentials of ${what}`).map((credential) => parseCredential(credential, `a credential of ${what}`));
  if (credentials.length === 0) throw refuse(`the credentials of ${what}`, "at least one");
  return credentials;
}

function parseCredential(value: unknown, what: string): Credential {
  const credential = json.parseObject(value, what);
  const text = (member: string, pattern: RegExp, expected: string): string => {
    const found = json.parseText(credential[member], `${member} of ${what}`);
    if (!pattern.test(found)) throw refuse(`${member} of ${what}`, expected);
    return found;
  };
  const form = (): string => {
    const found = text("form", FORM, "visible ASCII");
    if (found.split("{key}").length !== 2) throw refuse(`form of ${what}`, "{key} in it, once");
    return found;
  };
  const place = json.parseText(credential["place"], `place of ${what}`);
  switch (place) {
    case "header":
      requireMembers(credential, ["place", "header", "form"], what);
      return { place, header: text("header", HEADER, "a header's name in small letters"), form: form() };
    case "basic":
    case "path":
      requireMembers(credential, ["place", "form"], what);
      return { place, form: form() };
    case "query":
      requireMembers(credential, ["place", "parameter"], what);
      return { place, parameter: text("parameter", PARAMETER, "a parameter's name") };
    default:
      throw refuse(`place of ${what}`, "header, basic, query or path");
  }
}

function parsePlaceholders(value: unknown, what: string): PlaceholderTemplate[] {
  const texts = parseWords(value, PLACEHOLDERS_MAX, `the placeholders of ${what}`, (text) => findPlaceholderTemplate(text) !== undefined, TEMPLATES_EXPECTED);
  return texts.flatMap((text) => findPlaceholderTemplate(text) ?? []);
}

function parseLink(value: unknown, what: string): string {
  const link = json.parseVisibleText(value, 300, `the documentation of ${what}`);
  if (!link.startsWith("https://") || !URL.canParse(link)) throw refuse(`the documentation of ${what}`, "an https link");
  return link;
}

function requireMembers(value: Record<string, unknown>, members: readonly string[], what: string): void {
  if (Object.keys(value).some((member) => !members.includes(member))) throw refuse(what, `no members but ${members.join(", ")}`);
}

function refuse(what: string, expected: string): VaultError {
  return new VaultError("bad-schema", `${what}: expected ${expected}`);
}
