// What a run was given when it began, for whoever goes on with it elsewhere: no more than that, and no more than the vault says by then.
import { layered, makeLayer, vaultRulesOf } from "../../proxy/grants/grant-rules.ts";
import { findCanonicalBinding, formatHostBinding } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { Rules } from "../../vault/rules.ts";
import type { Source } from "../../vault/source.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { NamedGrant } from "./child-environment.ts";
import type { Choice } from "./granted-secrets.ts";
import { findLoss, keepAllowed } from "./reach.ts";

/** No value is in it. */
export interface GivenSecret {
  /** Base64. */
  readonly id: string;
  /** Undefined: no variable of the child's holds it. */
  readonly variable: string | undefined;
  readonly placeholder: string;
  /** In their canonical form. */
  readonly hosts: readonly string[];
  readonly places: readonly Place[];
  readonly allowPrivate: boolean;
  /** Those that the vault has had since the run began: each still counts. */
  readonly rules: readonly Rules[];
  readonly service: string | undefined;
  readonly source: Source["kind"];
}

/** What another broker has begun. */
export interface BegunRun {
  /** Its ID. */
  readonly run: string;
  readonly secrets: readonly GivenSecret[];
}

/** A choice, and the placeholder that the program has of it. */
export interface GivenChoice extends Choice {
  readonly placeholder: string;
}

export function givenOf({ record, places }: Choice, { variable, grant }: NamedGrant): GivenSecret {
  const { id, service, source } = record;
  return { id, variable, placeholder: grant.placeholder, hosts: grant.bindings.map(formatHostBinding), places, allowPrivate: grant.allowPrivate, rules: vaultRulesOf(grant.rules), service, source: source.kind };
}

/** @param choices what a run that begins now would get. */
export function keepGiven(choices: readonly Choice[], given: readonly GivenSecret[], viewpoint: Viewpoint): GivenChoice[] {
  return choices.flatMap((choice) => {
    const { record, variable } = choice;
    const before = given.find((one) => one.id === record.id && one.variable === variable);
    if (before === undefined || findLoss(asRecord(record, before), record, viewpoint) !== undefined) return [];
    const { bindings, places, allowPrivate, rules } = keepAllowed(
      { bindings: before.hosts.flatMap((host) => findCanonicalBinding(host) ?? []), places: before.places, allowPrivate: before.allowPrivate, rules: layered(...before.rules.map((one) => makeLayer(one))) },
      { hosts: choice.hosts, places: choice.places, allowPrivate: record.allowPrivate, rules: undefined },
    );
    return [{ ...choice, hosts: bindings.map(formatHostBinding), places, allowPrivate, placeholder: before.placeholder, narrower: [...(choice.narrower ?? []), ...(rules?.layers ?? [])] }];
  });
}

function asRecord(record: SecretRecord, { service, source }: GivenSecret): Parameters<typeof findLoss>[0] {
  return { ...record, service, source: { ...record.source, kind: source } as Source };
}
