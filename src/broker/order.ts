// What a run asks of a broker when it begins, and what it gets: read on both sides as untrusted text. No value of a secret is in either.
import { X509Certificate } from "node:crypto";
import { findText, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { findCanonicalBinding } from "../vault/host.ts";
import * as json from "../vault/json-shape.ts";
import type { Place } from "../vault/place.ts";
import { isPlace, PLACES_MAX } from "../vault/place.ts";
import { HOSTS_MAX, isSecretName } from "../vault/record.ts";
import type { Rules } from "../vault/rules.ts";
import { parseRules } from "../vault/rules.ts";
import { isScopeId } from "../vault/scope.ts";

/** The beginning of a run, as the machine of its program knows it. */
export interface SessionOrder {
  /** The last part of the program's path: for the audit log, which takes the run's word for it. */
  readonly program: string;
  /** Base64 of a vault's id. Undefined: the one vault that has accepted the identity. */
  readonly vault: string | undefined;
  readonly workspace: string | undefined;
  readonly group: string | undefined;
  /** Undefined: every secret in sight, under its own name. */
  readonly selections: readonly { readonly variable: string; readonly name: string }[] | undefined;
  /** The text of the project's `vault.run.json`, which can only take away. */
  readonly project: string | undefined;
  readonly denyUnmatched: boolean;
  /** What its secrets may be used for, which counts beside their own rules. */
  readonly rules?: Rules | undefined;
  readonly presets?: readonly string[] | undefined;
  readonly strict: boolean;
  readonly freshPlaceholders: boolean;
  readonly isWalled: boolean;
  /** Whether the run wants to hear of each thing that the proxy does while it goes on, and a table of it at the end. */
  readonly isLogged: boolean;
  readonly isSummed: boolean;
}

/** A secret as the program's surroundings have to know it. */
export interface LentSecret {
  readonly variable: string;
  readonly name: string;
  readonly placeholder: string;
  /** Host bindings in their canonical form. */
  readonly hosts: readonly string[];
  readonly places: readonly Place[];
  /** What else of a program's surroundings goes by it: an AWS key's variables, a Google account's file. */
  readonly serves: "aws" | "google" | undefined;
}

export interface SessionAnswer {
  /** 128 bits in hex. Worth nothing without the identity's key. */
  readonly session: string;
  /** What the program shows to the listener on its own machine, in hex. */
  readonly token: string;
  /** PEM: the root that the session's certificates come from. */
  readonly caCertificate: string;
  readonly secrets: readonly LentSecret[];
}

export const ORDER_BYTES_MAX = 256 * 1024;
export const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const PROGRAM_CHARS_MAX = 255;
const PROJECT_CHARS_MAX = 64 * 1024;
const PRESETS_MAX = 16;
const SELECTIONS_MAX = 10_000;
const SECRETS_MAX = 10_000;
/** What templates make (vault/placeholder-template.ts): one word, by which nothing is loaded, listed, led to or told apart. It goes into variables that many programs read. */
const PLACEHOLDER = /^[A-Za-z0-9_.:][A-Za-z0-9_.:-]{15,511}$/;
const HOST_CHARS_MAX = 300;
const CERTIFICATE_CHARS_MAX = 16 * 1024;
const VAULT_ID_BYTES = 16;
const SERVED = ["aws", "google"] as const;

export function encodeOrder(order: SessionOrder): Uint8Array {
  return utf8(JSON.stringify(order));
}

/** @throws VaultError `bad-schema`, `out-of-bounds`, `too-large`. */
export function parseOrder(bytes: Uint8Array): SessionOrder {
  const order = parseJson(bytes, ORDER_BYTES_MAX, "the order");
  const scopeId = (name: string): string | undefined => optional(order[name], (value) => requireForm(json.parseText(value, name), isScopeId, name));
  const selections = optional(order["selections"], (value) => json.parseArray(value, SELECTIONS_MAX, "selections").map(parseSelection));
  const found: SessionOrder = {
    program: json.parseVisibleText(order["program"], PROGRAM_CHARS_MAX, "program"),
    vault: optional(order["vault"], (value) => json.parseBase64(value, VAULT_ID_BYTES, "vault")),
    workspace: scopeId("workspace"),
    group: scopeId("group"),
    selections,
    project: optional(order["project"], (value) => requireForm(json.parseText(value, "project"), ({ length }) => length <= PROJECT_CHARS_MAX, "project")),
    rules: optional(order["rules"], (value) => parseRules(value, "the run")),
    presets: optional(order["presets"], (value) => json.parseArray(value, PRESETS_MAX, "presets").map((name) => json.parseVisibleText(name, PROGRAM_CHARS_MAX, "presets"))),
    denyUnmatched: json.parseBoolean(order["denyUnmatched"] ?? false, "denyUnmatched"),
    strict: json.parseBoolean(order["strict"] ?? false, "strict"),
    freshPlaceholders: json.parseBoolean(order["freshPlaceholders"] ?? false, "freshPlaceholders"),
    isWalled: json.parseBoolean(order["isWalled"] ?? false, "isWalled"),
    isLogged: json.parseBoolean(order["isLogged"] ?? false, "isLogged"),
    isSummed: json.parseBoolean(order["isSummed"] ?? false, "isSummed"),
  };
  if (found.group !== undefined && found.workspace === undefined) throw new VaultError("bad-schema", "group: expected a workspace with it");
  return found;
}

export function encodeAnswer(answer: SessionAnswer): Uint8Array {
  return utf8(JSON.stringify(answer));
}

/** @throws VaultError `bad-schema`, `out-of-bounds`, `too-large`. */
export function parseAnswer(bytes: Uint8Array): SessionAnswer {
  const answer = parseJson(bytes, ANSWER_BYTES_MAX, "the broker's answer");
  const isHex = (length: number) => (text: string): boolean => text.length === length && /^[0-9a-f]+$/.test(text);
  return {
    session: requireForm(json.parseText(answer["session"], "session"), isHex(32), "session"),
    token: requireForm(json.parseText(answer["token"], "token"), isHex(64), "token"),
    caCertificate: requireForm(json.parseText(answer["caCertificate"], "caCertificate"), isCertificate, "caCertificate"),
    secrets: json.parseArray(answer["secrets"], SECRETS_MAX, "secrets").map(parseLent),
  };
}

function parseSelection(value: unknown): { readonly variable: string; readonly name: string } {
  const selection = json.parseObject(value, "a selection");
  return { variable: json.parseVisibleText(selection["variable"], PROGRAM_CHARS_MAX, "variable"), name: requireForm(json.parseText(selection["name"], "name"), isSecretName, "name") };
}

function parseLent(value: unknown): LentSecret {
  const secret = json.parseObject(value, "a secret");
  return {
    variable: json.parseVisibleText(secret["variable"], PROGRAM_CHARS_MAX, "variable"),
    name: requireForm(json.parseText(secret["name"], "name"), isSecretName, "name"),
    placeholder: requireForm(json.parseText(secret["placeholder"], "placeholder"), (text) => PLACEHOLDER.test(text), "placeholder"),
    hosts: json.parseArray(secret["hosts"], HOSTS_MAX, "hosts").map((host) => requireForm(json.parseVisibleText(host, HOST_CHARS_MAX, "hosts"), (text) => findCanonicalBinding(text) !== undefined, "hosts")),
    places: json.parseArray(secret["places"], PLACES_MAX, "places").map((place) => {
      const word = json.parseText(place, "places");
      if (!isPlace(word)) throw new VaultError("bad-schema", "places: expected a place");
      return word;
    }),
    serves: SERVED.find((word) => word === secret["serves"]),
  };
}

function parseJson(bytes: Uint8Array, bytesMax: number, what: string): Record<string, unknown> {
  if (bytes.length > bytesMax) throw new VaultError("too-large", `${what} is larger than ${bytesMax} bytes`);
  try {
    return json.parseObject(JSON.parse(findText(bytes) ?? ""), what);
  } catch {
    throw new VaultError("bad-schema", `${what}: expected a JSON object`);
  }
}

function optional<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : parse(value);
}

function requireForm(text: string, isOfForm: (text: string) => boolean, what: string): string {
  if (!isOfForm(text)) throw new VaultError("bad-schema", `${what}: expected another form`);
  return text;
}

/** A root's, one, and nothing around it: it goes into files that many programs read. */
function isCertificate(text: string): boolean {
  if (text.length > CERTIFICATE_CHARS_MAX || !/^-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?$/.test(text)) return false;
  try {
    return new X509Certificate(text).ca;
  } catch {
    return false;
  }
}
