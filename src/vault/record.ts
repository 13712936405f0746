// One secret as the vault file holds it: plaintext metadata, a wrapped DEK, a sealed value (FORMAT.md, "Secret records").
import { VaultError } from "../errors.ts";
import type { Scope } from "./scope.ts";
import { compareMemberships, encodeScope, parseMemberships, parseScope } from "./scope.ts";
import type { Membership } from "./scope.ts";
import { findCanonicalBinding } from "./host.ts";
import { isPlace, PLACES_MAX } from "./place.ts";
import type { Place } from "./place.ts";
import { findPlaceholderTemplate } from "./placeholder-template.ts";
import type { Rules } from "./rules.ts";
import { encodeRules, parseRules } from "./rules.ts";
import type { Source } from "./source.ts";
import { encodeSource, parseSource } from "./source.ts";
import * as json from "./json-shape.ts";

/** Who may see a secret, where it may go, and how it is dealt with. Many secrets have the same. */
export interface SecretTerms {
  readonly scope: Scope;
  /** Groups it was attached to besides its own scope, sorted, without doubles. */
  readonly groups: readonly Membership[];
  /** The id of the service whose hosts it is pinned to, if any. */
  readonly service: string | undefined;
  /** Canonical host bindings, sorted, without doubles. */
  readonly hosts: readonly string[];
  /** Sorted, without doubles, never empty. */
  readonly places: readonly Place[];
  readonly allowPrivate: boolean;
  /** Whether answers are looked through for its value. */
  readonly scrub: boolean;
  /** What its placeholder looks like, where no service says it. */
  readonly placeholder: string | undefined;
  readonly source: Source;
  /** What it may be used for; undefined is no rules. */
  readonly rules: Rules | undefined;
}

/** What a list shows of a secret. */
export interface SecretOutline {
  readonly id: string;
  readonly name: string;
  /** One object for all secrets of a file that have the same. */
  readonly terms: SecretTerms;
}

export interface NamedSecret extends SecretTerms {
  readonly name: string;
}

/** What a secret is bound to. All of it goes into the AAD, so changing any of it without the key makes the secret unreadable. */
export interface SecretBinding extends NamedSecret {
  /** 16 random bytes in base64. */
  readonly id: string;
  /** Counts the values this secret has had, from 1. */
  readonly version: number;
}

/** Base64 of one XChaCha20-Poly1305 box and its nonce. */
export interface Box {
  readonly nonce: string;
  readonly ciphertext: string;
}

export interface SealedValue extends Box {
  /** Base64 of 32 bytes that only the right DEK gives; checked before the ciphertext is opened. */
  readonly commitment: string;
}

/** What is told of a secret to whoever asks. */
export interface SecretMetadata extends SecretBinding {
  /** RFC 3339 in UTC with milliseconds. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface SecretRecord extends SecretMetadata {
  readonly dek: Box;
  readonly value: SealedValue;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;
const SERVICE = /^[a-z0-9][a-z0-9-]{0,63}$/;
const VERSION_MAX = 2 ** 31 - 1;
export const HOSTS_MAX = 64;
/** The longest value, in bytes: a private key or a service account file fits, and a header line of it stays sendable. */
export const VALUE_BYTES_MAX = 64 * 1024;
const TAG_BYTES = 16;

/** A secret's name: a letter or `_`, then letters, digits, `_`, `.`, `-`, at most 128 in all. */
export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

export function isServiceId(id: string): boolean {
  return SERVICE.test(id);
}

/** @throws VaultError `bad-schema` unless the value is a record in every part. */
export function parseRecord(value: unknown): SecretRecord {
  const record = json.parseObject(value, "a secret");
  const name = json.parseText(record["name"], "name");
  if (!isSecretName(name)) throw new VaultError("bad-schema", "a secret has a name that is not allowed");
  const what = `secret "${name}"`;
  return {
    id: json.parseBase64(record["id"], 16, `the id of ${what}`),
    name,
    ...parseTerms(record, what),
    version: json.parseInteger(record["version"], 1, VERSION_MAX, `the version of ${what}`),
    createdAt: json.parseTime(record["createdAt"], `createdAt of ${what}`),
    updatedAt: json.parseTime(record["updatedAt"], `updatedAt of ${what}`),
    dek: parseWrap(record["dek"], `the dek of ${what}`),
    value: parseValue(record["value"], what),
  };
}

/** @throws VaultError `bad-schema`, `out-of-bounds`. */
export function parseTerms(record: Readonly<Record<string, unknown>>, what: string): SecretTerms {
  return {
    scope: parseScope(record["scope"], what),
    groups: parseMemberships(record["groups"], what),
    service: parseService(record["service"], what),
    hosts: parseHosts(record["hosts"], what),
    places: parsePlaces(record["places"], what),
    allowPrivate: json.parseBoolean(record["allowPrivate"], `allowPrivate of ${what}`),
    scrub: json.parseBoolean(record["scrub"], `scrub of ${what}`),
    placeholder: parsePlaceholder(record["placeholder"], what),
    source: parseSource(record["source"], what),
    rules: parseRules(record["rules"], what),
  };
}

/** A wrapped 32-byte key. @throws VaultError `bad-schema`. */
export function parseWrap(value: unknown, what: string): Box {
  const box = json.parseObject(value, what);
  return {
    nonce: json.parseBase64(box["nonce"], 24, `${what}: nonce`),
    ciphertext: json.parseBase64(box["ciphertext"], 32 + TAG_BYTES, `${what}: ciphertext`),
  };
}

/** Plain data whose member order is the canonical one. */
export function encodeRecord(record: SecretRecord): Record<string, unknown> {
  return {
    id: record.id,
    name: record.name,
    ...encodeTerms(record),
    version: record.version,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    dek: { nonce: record.dek.nonce, ciphertext: record.dek.ciphertext },
    value: { nonce: record.value.nonce, commitment: record.value.commitment, ciphertext: record.value.ciphertext },
  };
}

/** As `encodeRecord`. */
export function encodeTerms(terms: SecretTerms): Record<string, unknown> {
  return {
    scope: encodeScope(terms.scope),
    groups: terms.groups.map(({ workspace, group }) => ({ workspace, group })),
    service: terms.service ?? null,
    hosts: terms.hosts,
    places: terms.places,
    allowPrivate: terms.allowPrivate,
    scrub: terms.scrub,
    placeholder: terms.placeholder ?? null,
    source: encodeSource(terms.source),
    rules: encodeRules(terms.rules),
  };
}

/** Orders group memberships, hosts and places as the format wants them and drops doubles. */
export function canonicaliseBinding(binding: SecretBinding): SecretBinding {
  const groups = [...binding.groups].sort(compareMemberships);
  return {
    ...binding,
    groups: groups.filter((membership, index) => index === 0 || compareMemberships(membership, groups[index - 1] ?? membership) !== 0),
    hosts: [...new Set(binding.hosts)].sort(),
    places: [...new Set(binding.places)].sort(),
  };
}

function parseService(value: unknown, what: string): string | undefined {
  if (value === null) return undefined;
  const id = json.parseText(value, `the service of ${what}`);
  if (!isServiceId(id)) throw new VaultError("bad-schema", `${what} names a service that is not allowed`);
  return id;
}

function parsePlaceholder(value: unknown, what: string): string | undefined {
  if (value === null) return undefined;
  const template = json.parseText(value, `the placeholder of ${what}`);
  if (findPlaceholderTemplate(template) === undefined) throw new VaultError("bad-schema", `${what} has a placeholder that is not allowed`);
  return template;
}

function parseHosts(value: unknown, what: string): string[] {
  const hosts = json.parseArray(value, HOSTS_MAX, `the hosts of ${what}`).map((host) => json.parseText(host, `a host of ${what}`));
  if (!json.isStrictlyAscending(hosts) || hosts.some((host) => findCanonicalBinding(host) === undefined)) {
    throw new VaultError("bad-schema", `${what} has hosts that are not canonical`);
  }
  return hosts;
}

function parsePlaces(value: unknown, what: string): Place[] {
  const words = json.parseArray(value, PLACES_MAX, `the places of ${what}`).map((word) => json.parseText(word, `a place of ${what}`));
  const places = words.filter(isPlace);
  if (places.length === 0 || places.length !== words.length || !json.isStrictlyAscending(places)) {
    throw new VaultError("bad-schema", `${what} has places that are not allowed`);
  }
  return places;
}

function parseValue(value: unknown, what: string): SealedValue {
  const box = json.parseObject(value, `the value of ${what}`);
  return {
    nonce: json.parseBase64(box["nonce"], 24, `the value nonce of ${what}`),
    commitment: json.parseBase64(box["commitment"], 32, `the value commitment of ${what}`),
    ciphertext: json.parseBase64Between(box["ciphertext"], TAG_BYTES + 1, VALUE_BYTES_MAX + TAG_BYTES, `the value of ${what}`),
  };
}
