// The life of a secret: create, update, rotate, delete, attach, detach. Each is one audited write; none returns a value.
import { randomBytes } from "node:crypto";
import type { AuditEvent } from "../../audit/entry.ts";
import { encodeBase64 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { isReservedVariable } from "../../run/environment.ts";
import type { Secret } from "../../secret.ts";
import { openSecrets, sealSecrets } from "../../vault/envelope.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { Place } from "../../vault/place.ts";
import type { SecretBinding, SecretRecord } from "../../vault/record.ts";
import { canonicaliseBinding, HOSTS_MAX, isSecretName } from "../../vault/record.ts";
import type { Membership, Scope } from "../../vault/scope.ts";
import type { KnownService } from "../../services/registry.ts";
import type { RuleChange } from "../../vault/rule-change.ts";
import { changeRules, requireNarrowing } from "../../vault/rule-change.ts";
import { isNarrowing } from "../../vault/rule-scope.ts";
import type { Source } from "../../vault/source.ts";
import { STORED } from "../../vault/source.ts";
import { compareText, describeScope, isSameMembership, isSameScope } from "../../vault/scope.ts";
import type { VaultContents } from "../../vault/vault-file.ts";
import { ensureVault } from "../keys/auto-init.ts";
import type { AuditedChange } from "../keys/change-vault.ts";
import { changeAudited } from "../keys/change-vault.ts";
import { getAttachable, getAttached, getSecret, isMember } from "./find-secret.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { NewSecret, PinnedSecret } from "../services/pin.ts";
import { requireAdded } from "../services/own-services.ts";
import { requireOwnWildcards } from "../services/suffix-list.ts";
import type { Surroundings } from "../surroundings.ts";
import { adviceOnNew } from "./local-credential.ts";
import type { LifeChange } from "./source-life.ts";
import { changeLife } from "./source-life.ts";
import { findGuessable, requireStorable } from "./value-rules.ts";
import { requireKeyHeaders, requireTaken } from "../services/actable-places.ts";
import { requireHost, requireNotWidened } from "../services/widening.ts";

/** Parts of a binding to change; what is absent stays. */
export interface BindingChange {
  readonly addHosts?: readonly string[];
  readonly removeHosts?: readonly string[];
  readonly places?: readonly Place[];
  readonly service?: string;
  readonly allowPrivate?: boolean;
  readonly scrub?: boolean;
  /** A template; `undefined` takes the one away that there is. */
  readonly placeholder?: string | undefined;
  /** Whether a secret that is pinned to a service may get hosts beside that service's, and one with rules may be used for more than before. */
  readonly widen?: boolean;
  /** What it may be used for. */
  readonly rules?: RuleChange;
  /** Names of presets of its service, which are taken into its rules. */
  readonly presets?: readonly string[];
  /** Of a secret whose value is made. */
  readonly life?: LifeChange;
}

/** Asks for a value; who is asked may want to know where it will go. */
export type AskValue = (binding: SecretBinding) => Promise<Secret>;

/** @throws VaultError `already-exists`, `usage`, and what opening and writing the vault say. */
export async function createSecret(surroundings: Surroundings, asked: NewSecret, askValue: AskValue): Promise<SecretRecord> {
  requireName(asked.name);
  const secret = await pin(surroundings, asked);
  const askOnce = once(askValue);
  const record = await withOpenVault(surroundings, (vault) => addSecret(surroundings, vault, secret, askOnce), ensureVault);
  const advice = adviceOnNew(record.name, record.hosts);
  if (record.hosts.length === 0 && advice.length === 0) advice.push(`"${record.name}" is bound to no host yet, so it is refused everywhere; bind it: vault secrets update ${record.name} --host HOST`);
  for (const words of advice) surroundings.warn(words);
  return record;
}

/** The same for a vault that is open already. @throws VaultError `already-exists`, `usage`, and what writing the vault says. */
export async function addSecret(surroundings: Surroundings, vault: OpenedVault, secret: PinnedSecret, askValue: AskValue): Promise<SecretRecord> {
  requireAdded(secret.evidence, vault.keys.services);
  requireNoTwin(vault.file.contents, secret);
  const binding = bindNew(secret);
  const value = await askValue(binding);
  requireStorable(secret.name, value, secret.places);
  const guessable = findGuessable(secret.name, value, binding.scrub);
  const record = await changeOne(surroundings, vault, "secret.create", async (contents) => {
    requireNoTwin(contents, secret);
    const at = surroundings.now().toISOString();
    return { before: undefined, after: await seal(vault.holder, contents, binding, value, { createdAt: at, updatedAt: at }) };
  });
  if (guessable !== undefined) surroundings.warn(guessable);
  return record;
}

/** A new value made of the one that is there when the vault is written, so that of two that are made at once none is lost. @throws VaultError `not-found`, `usage`. */
export async function extendSecret(surroundings: Surroundings, vault: OpenedVault, name: string, scope: Scope, extend: (value: Secret) => Secret): Promise<SecretRecord> {
  return changeOne(surroundings, vault, "secret.rotate", async (contents) => {
    const before = getSecret(contents.secrets, name, scope);
    requireSameSource(before, STORED);
    const [old] = await openSecrets(vault.holder, contents.id, [before]);
    if (old === undefined) throw new VaultError("bad-seal", `the value of "${name}" does not open`);
    const value = extend(old);
    try {
      requireStorable(name, value, before.places);
      return { before, after: await seal(vault.holder, contents, { ...before, version: before.version + 1 }, value, { createdAt: before.createdAt, updatedAt: surroundings.now().toISOString() }) };
    } finally {
      old.wipe();
      value.wipe();
    }
  });
}

/** A new value under a new DEK, or another way to make it; the old ones are gone. Running runs get it with their next request (stored-values.ts, living-value.ts). @param source what `askValue` gives is of. @throws VaultError `not-found`, `usage`. */
export async function rotateSecret(surroundings: Surroundings, name: string, scope: Scope | undefined, askValue: AskValue, source: Source = STORED): Promise<SecretRecord> {
  const askOnce = once(askValue);
  return withOpenVault(surroundings, async (vault) => {
    const asked = getSecret(vault.file.contents.secrets, name, scope);
    requireSameSource(asked, source);
    const value = await askOnce(asked);
    const guessable = findGuessable(name, value, asked.scrub);
    const record = await changeOne(surroundings, vault, "secret.rotate", async (contents) => {
      const before = getSecret(contents.secrets, name, scope);
      requireSameSource(before, source);
      requireStorable(name, value, before.places);
      return { before, after: await seal(vault.holder, contents, { ...before, source, version: before.version + 1 }, value, { createdAt: before.createdAt, updatedAt: surroundings.now().toISOString() }) };
    });
    if (guessable !== undefined) surroundings.warn(guessable);
    if (asked.source.kind === "oauth2") surroundings.warn(unrevoked(name));
    return record;
  });
}

/** What a person wants to know who has taken a login away without its provider being told. */
export function unrevoked(name: string): string {
  return `the login that was "${name}" was not revoked, and the vault can do it no more: end it in the provider's settings; another time, vault logout ${name} comes first, which revokes it`;
}

/** Changes where a secret may go. The binding is in the AAD, so the value is sealed again. @throws VaultError `not-found`, `usage`. */
export async function updateSecret(surroundings: Surroundings, name: string, scope: Scope | undefined, change: BindingChange): Promise<SecretRecord> {
  await requireOwnWildcards(change.addHosts ?? []);
  requireKeyHeaders(change.places ?? []);
  const wantsPresets = change.presets !== undefined && change.presets.length > 0;
  const known = change.service === undefined && change.places === undefined && !wantsPresets ? undefined : await import("../services/known-services.ts");
  const service = change.service === undefined ? undefined : known?.getNamedService(surroundings, change.service);
  const registry = change.places === undefined && !wantsPresets ? undefined : known?.openRegistry(surroundings);
  let [isUsedForMore, goesBeyond] = [false, false];
  const updated = await rebind(surroundings, "secret.update", (secrets) => getSecret(secrets, name, scope), async (before, _contents, { keys }) => {
    requireAdded(service?.evidence, keys.services);
    const added = [...(service?.id === before.service ? [] : (service?.hosts ?? [])), ...(change.addHosts ?? [])];
    if (before.service !== undefined) requireNotWidened(name, before.service, added.filter((host) => !before.hosts.includes(host)), change.widen === true);
    const pin = service ?? registry?.find(({ id }) => id === before.service);
    if (pin !== undefined) requireTaken(change.places ?? [], pin);
    const missing = change.removeHosts?.find((host) => !before.hosts.includes(host));
    if (missing !== undefined) throw new VaultError("usage", `"${name}" is not bound to ${missing}`, `vault secrets show ${name}`);
    const hosts = [...before.hosts.filter((host) => change.removeHosts?.includes(host) !== true), ...(service?.hosts ?? []), ...(change.addHosts ?? [])];
    if (service !== undefined) requireHost(name, service, hosts);
    const wish = wantsPresets ? await presetsFor(name, pin, change) : change.rules;
    const rules = wish === undefined ? before.rules : changeRules(before.rules, wish, `"${name}"`);
    requireNarrowing(before.rules, rules, change.widen === true, `"${name}"`);
    isUsedForMore = !isNarrowing(before.rules, rules);
    goesBeyond = before.service !== undefined && added.some((host) => !before.hosts.includes(host));
    return {
      ...before,
      hosts,
      places: change.places ?? before.places,
      service: service?.id ?? before.service,
      allowPrivate: change.allowPrivate ?? before.allowPrivate,
      scrub: change.scrub ?? before.scrub,
      placeholder: "placeholder" in change ? change.placeholder : before.placeholder,
      source: changeLife(name, before.source, change.life ?? {}),
      rules,
    };
  });
  if (isUsedForMore) surroundings.warn(`"${name}" may be used for more than before: vault secrets show ${name} tells what for`);
  if (change.widen === true && goesBeyond && updated.service !== undefined) surroundings.warn(`"${name}" is pinned to "${updated.service}", and goes beyond: it is sent to ${updated.hosts.join(" ")}`);
  return updated;
}

async function presetsFor(name: string, service: KnownService | undefined, { rules, presets }: BindingChange): Promise<RuleChange | undefined> {
  if (service === undefined) throw new VaultError("usage", `"${name}" is of no service, and has no preset`, "--service ID says which it is of; --allow 'METHODS PATH' says what it may do");
  return (await import("../services/preset-rules.ts")).withPresets(rules, service, presets);
}

/** @throws VaultError `not-found`, or `already-exists` where the group has the secret, or another of that name, already. */
export async function attachGroup(surroundings: Surroundings, name: string, membership: Membership): Promise<SecretRecord> {
  return rebind(surroundings, "secret.attach-group", (secrets) => getAttachable(secrets, name, membership), (before, contents) => {
    const twin = contents.secrets.find((secret) => secret.name === name && isMember(secret, membership));
    if (twin !== undefined) throw new VaultError("already-exists", `group "${membership.group}" of workspace "${membership.workspace}" has a secret "${name}" already`, `to take that one out: vault secrets detach-group ${name} --workspace ${membership.workspace} --group ${membership.group}`);
    return { ...before, groups: [...before.groups, membership] };
  });
}

/** @throws VaultError `not-found` for a secret, or a group that it was not attached to. */
export async function detachGroup(surroundings: Surroundings, name: string, membership: Membership): Promise<SecretRecord> {
  return rebind(surroundings, "secret.detach-group", (secrets) => getAttached(secrets, name, membership), (before) => ({
    ...before,
    groups: before.groups.filter((member) => !isSameMembership(member, membership)),
  }));
}

/** A value in the place of what makes one would be taken for that, and the other way round. */
function requireSameSource({ name, source }: SecretRecord, next: Source): void {
  if ((source.kind === "stored") === (next.kind === "stored")) return;
  if (source.kind === "stored") throw new VaultError("usage", `the value of "${name}" is stored`, `make it anew with --source ${next.kind}, after: vault secrets delete ${name}`);
  if (source.kind === "oauth2") throw new VaultError("usage", `the value of "${name}" is not stored, but comes from a login`, "vault login --help");
  const further = source.kind === "command" ? "-- PROG ARGS…" : source.kind === "reference" ? "ADDRESS" : "--from-file KEY …";
  throw new VaultError("usage", `the value of "${name}" is not stored, but comes by ${source.kind}`, `vault secrets rotate ${name} --source ${source.kind} ${further}`);
}

/** The record goes, and its name is free again. @throws VaultError `not-found`, `usage`. */
export async function deleteSecret(surroundings: Surroundings, name: string, scope: Scope | undefined): Promise<SecretRecord> {
  return withOpenVault(surroundings, (vault) => changeOne(surroundings, vault, "secret.delete", (contents) => Promise.resolve({ before: getSecret(contents.secrets, name, scope), after: undefined })));
}

/** The binding of a secret that is not in the vault yet. @throws VaultError `usage` for more hosts than a secret may have. */
export function bindNew({ name, scope, service, hosts, places, allowPrivate, scrub = true, placeholder, source = STORED, rules }: PinnedSecret): SecretBinding {
  const id = encodeBase64(new Uint8Array(randomBytes(16)));
  return requireBounded(canonicaliseBinding({ id, name, scope, groups: [], service, hosts, places, allowPrivate, scrub, placeholder, source, rules: rules === undefined ? undefined : changeRules(undefined, rules, `"${name}"`), version: 1 }));
}

/** The list of services is a chunk of its own, which no other command waits for. */
async function pin(surroundings: Surroundings, asked: NewSecret): Promise<PinnedSecret> {
  const { openRegistry } = await import("../services/known-services.ts");
  const { pinNew } = await import("../services/pin.ts");
  const registry = openRegistry(surroundings);
  const pinned = await pinNew(registry, asked);
  const service = registry.find(({ id }) => id === pinned.service);
  if (service !== undefined) requireHost(pinned.name, service, pinned.hosts);
  if (pinned.unlike !== undefined) surroundings.warn(`"${asked.name}" is the name of keys of "${pinned.unlike}", and goes to ${asked.hosts.join(" ")} instead, as you said`);
  return pinned;
}

async function rebind(surroundings: Surroundings, kind: string, get: (secrets: readonly SecretRecord[]) => SecretRecord, change: (before: SecretRecord, contents: VaultContents, vault: OpenedVault) => SecretBinding | Promise<SecretBinding>): Promise<SecretRecord> {
  return withOpenVault(surroundings, (vault) => changeOne(surroundings, vault, kind, async (contents) => {
    const { holder } = vault;
    const before = get(contents.secrets);
    const binding = requireBounded(canonicaliseBinding(await change(before, contents, vault)));
    const [value] = await openSecrets(holder, contents.id, [before]);
    if (value === undefined) throw new VaultError("bad-seal", `the value of "${before.name}" does not open`);
    try {
      // What makes a value goes into no request.
      if (before.source.kind === "stored") requireStorable(before.name, value, binding.places);
      return { before, after: await seal(holder, contents, binding, value, { createdAt: before.createdAt, updatedAt: surroundings.now().toISOString() }) };
    } finally {
      value.wipe();
    }
  }));
}

/** A vault may be opened anew while a change is made; nobody is asked twice for that. */
function once(ask: AskValue): AskValue {
  let asked: Promise<Secret> | undefined;
  return (binding) => (asked ??= ask(binding));
}

type RecordChange =
  | { readonly before: SecretRecord | undefined; readonly after: SecretRecord }
  | { readonly before: SecretRecord; readonly after: undefined };

/** @returns the record as it is now, or the one that was deleted. */
async function changeOne(surroundings: Surroundings, { holder }: OpenedVault, kind: string, change: (contents: VaultContents) => Promise<RecordChange>): Promise<SecretRecord> {
  let result: SecretRecord | undefined;
  await changeAudited(surroundings, holder, async (contents): Promise<AuditedChange> => {
    const { before, after } = await change(contents);
    const others = contents.secrets.filter((secret) => secret.id !== before?.id);
    const secrets = after === undefined ? others : [...others, after].sort((a, b) => compareText(a.id, b.id));
    result = after ?? before;
    return { contents: { ...contents, secrets }, event: describeSecret(kind, result) };
  });
  if (result === undefined) throw new VaultError("io", "the change was not made");
  return result;
}

async function seal(holder: KeyHolder, contents: VaultContents, binding: SecretBinding, value: Secret, times: { readonly createdAt: string; readonly updatedAt: string }): Promise<SecretRecord> {
  const [envelope] = await sealSecrets(holder, contents.id, [{ binding, value }]);
  if (envelope === undefined) throw new VaultError("bad-wrap", "a key holder answered with too few keys");
  return { ...binding, ...times, ...envelope };
}

function requireNoTwin(contents: VaultContents, { name, scope }: NewSecret): void {
  if (!contents.secrets.some((secret) => secret.name === name && isSameScope(secret.scope, scope))) return;
  throw new VaultError("already-exists", `there is a secret "${name}" already (${describeScope(scope)})`, `to give it a new value: vault secrets rotate ${name}`);
}

/** Whole bindings, so that the log tells who could have got a secret when. */
export function describeSecret(kind: string, { name, id, scope, groups, service, hosts, places, allowPrivate, scrub, source, rules, version }: SecretRecord): AuditEvent {
  return { kind, secret: name, id, scope: { ...scope }, groups: groups.map((membership) => ({ ...membership })), service: service ?? null, hosts, places, allowPrivate, scrub, ...(source.kind === "stored" ? {} : { source: source.kind }), ...(rules === undefined ? {} : { rules: { ...rules } }), version };
}

function requireBounded(binding: SecretBinding): SecretBinding {
  if (binding.hosts.length > HOSTS_MAX) throw new VaultError("usage", `"${binding.name}" would be bound to more than ${HOSTS_MAX} hosts`, "bind it to fewer, or to a wildcard");
  return binding;
}

/** A name is also the variable of a run's child, unless the run says otherwise. @throws VaultError `usage`. */
export function requireName(name: string): void {
  if (isReservedVariable(name)) throw new VaultError("usage", `"${name}" cannot be a secret's name: programs need that variable, or a run sets or drops it`, "take another name");
  if (!isSecretName(name)) throw new VaultError("usage", "this is not a name for a secret", "a name begins with a letter or _ and goes on with letters, digits, _, . and -, 128 at most, such as OPENAI_API_KEY");
}
