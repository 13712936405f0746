// Which secrets a run gets, and what the proxy is told of each.
import { VaultError } from "../../errors.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import type { RuleLayer } from "../../proxy/grants/grant-rules.ts";
import { layered, makeLayer } from "../../proxy/grants/grant-rules.ts";
import type { Pin } from "../../proxy/grants/pin.ts";
import { isReservedVariable } from "../../run/environment.ts";
import type { Secret } from "../../secret.ts";
import { findCanonicalBinding, formatAuthority } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import type { PlaceholderTemplate } from "../../vault/placeholder-template.ts";
import { findPlaceholderTemplate } from "../../vault/placeholder-template.ts";
import type { SecretMetadata, SecretRecord } from "../../vault/record.ts";
import type { Source } from "../../vault/source.ts";
import type { RecordList } from "../../vault/record-list.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import { noSecret, visibleSecrets } from "../secrets/find-secret.ts";
import { requireAdded } from "../services/own-services.ts";
import type { Surroundings } from "../surroundings.ts";
import { closedEndpointsOf } from "./closed-endpoints.ts";

/** `variable` is what the child's environment calls the secret. */
export interface Selection {
  readonly variable: string;
  readonly name: string;
}

/** `selections` undefined: every visible secret under its own name. */
interface Wish {
  readonly viewpoint: Viewpoint;
  readonly selections: readonly Selection[] | undefined;
}

/** A secret of the vault, under the name that the child knows, and where it may go in this run: at most where its record says. */
export interface Choice<T extends SecretMetadata = SecretRecord> {
  /** Undefined: no variable of the child's is to hold it. */
  readonly variable: string | undefined;
  readonly record: T;
  readonly hosts: readonly string[];
  readonly places: readonly Place[];
  /** Undefined: as the record says. */
  readonly allowPrivate?: boolean;
  /** The file that made this less than the record's, if one could. */
  readonly narrowedBy?: string;
  /** Rules beside the record's: each of these has to let a request through as well. */
  readonly narrower?: readonly RuleLayer[];
}

/**
 * The secrets that a run wants, in its order.
 *
 * @param records of a vault whose MAC was verified.
 * @throws VaultError `not-found` for a name that is not visible, `usage` for a variable that the run needs itself, or one given twice.
 */
export function chooseSecrets(records: RecordList, { viewpoint, selections }: Wish): Choice[] {
  // Whoever names global secrets does not wait for all the others to be read.
  const secrets = selections === undefined || viewpoint.workspace !== undefined ? records.all() : records.named(new Set(selections.map(({ name }) => name)));
  const visible = visibleSecrets(secrets, viewpoint);
  const chosen = (selections ?? [...visible.keys()].map((name) => ({ variable: name, name }))).map(({ variable, name }) => {
    const record = visible.get(name);
    if (record === undefined) throw noSecret(name, records.all(), " here");
    return { variable, record, hosts: record.hosts, places: record.places };
  });
  requireVariables(chosen);
  return chosen;
}

/** @throws VaultError `usage` for a variable that the run needs itself, or one given twice. */
export function requireVariables(choices: readonly Choice<SecretMetadata>[]): void {
  const taken = new Set<string>();
  for (const { variable, record } of choices) {
    if (variable === undefined) continue;
    if (variable === "" || /[=\0]/.test(variable) || isReservedVariable(variable)) throw new VaultError("usage", `"${variable}" cannot be a variable of the program's: the run needs it, or drops it`, `vault run -s OTHER_NAME=${record.name} -- CMD`);
    if (taken.has(variable)) throw new VaultError("usage", `"${variable}" is given twice`, "give each variable one secret: -s VARIABLE=NAME");
    taken.add(variable);
  }
}

/** What the proxy wants to know of a service. */
export interface ServiceTraits {
  readonly placeholders: readonly PlaceholderTemplate[];
  readonly pin: Pin;
}

/**
 * The traits of services by their ids. The list of services is read only where one of these secrets belongs to a service.
 *
 * @param servicesKey the vault's; undefined, where nothing is sent, takes the user's own services at their word.
 * @throws VaultError `bad-mac` for one that the user has not added.
 */
export async function loadTraits(surroundings: Pick<Surroundings, "paths">, secrets: readonly Pick<SecretMetadata, "service">[], servicesKey: Uint8Array | undefined): Promise<ReadonlyMap<string, ServiceTraits>> {
  const ids = new Set(secrets.flatMap(({ service }) => service ?? []));
  if (ids.size === 0) return new Map();
  const { findServices } = await import("../services/known-services.ts");
  const services = findServices(surroundings, ids);
  if (servicesKey !== undefined) for (const { evidence } of services) requireAdded(evidence, servicesKey);
  return new Map(services.map(({ id, sharesHostsWith, placeholders, credentials, besides }) => [id, { placeholders, pin: { service: id, sharesHostsWith, spots: credentials, besides } }]));
}

/** What a secret's placeholder may look like: its own template, or one of its service's. None: as its value. */
export function formsOf({ placeholder, service }: Pick<SecretMetadata, "placeholder" | "service">, traits: ReadonlyMap<string, ServiceTraits>): readonly PlaceholderTemplate[] {
  const own = placeholder === undefined ? undefined : findPlaceholderTemplate(placeholder);
  return own === undefined ? (traits.get(service ?? "")?.placeholders ?? []) : [own];
}

/** What the proxy is given. The service that the record names, if it is known, says where in a request the key may stand. */
export function grantOf({ name, service, hosts, places, allowPrivate, scrub, source, narrowedBy, rules: own, narrower = [] }: Grantable, value: Secret, placeholder: string, traits: ReadonlyMap<string, ServiceTraits>): Grant {
  const known = service === undefined ? undefined : traits.get(service);
  const signs = source.kind === "aws-sts";
  const closed = closedEndpointsOf(source);
  const rules = layered(own === undefined ? undefined : makeLayer(own), ...narrower);
  return {
    name,
    placeholder,
    value,
    bindings: hosts.map(findCanonicalBinding).filter((binding) => binding !== undefined),
    places: signs ? [] : places,
    allowPrivate,
    scrub,
    ...(known === undefined ? {} : { pin: known.pin }),
    ...(rules === undefined ? {} : { rules }),
    ...(narrowedBy === undefined ? {} : { narrowedBy }),
    ...(isGoogle(source) && hosts.includes(formatAuthority(GOOGLE_ENDPOINT.authority)) ? { tokenEndpoint: GOOGLE_ENDPOINT } : {}),
    ...(closed.length === 0 ? {} : { closedEndpoints: closed }),
    ...(signs ? { signs: "aws" } : {}),
  };
}

/** Where every client library of Google's asks for tokens, whatever its file says. */
export const GOOGLE_ENDPOINT = { authority: { host: "oauth2.googleapis.com", port: 443 }, path: "/token" };

function isGoogle(source: Source): boolean {
  return (source.kind === "jwt-bearer" || source.kind === "oauth2") && source.provider === "google";
}

type Grantable = Pick<SecretMetadata, "name" | "service" | "hosts" | "places" | "allowPrivate" | "scrub" | "source" | "rules"> & Pick<Choice, "narrowedBy" | "narrower">;
