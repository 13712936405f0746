// What the owner of a vault says of identities. Each word is an entry of the audit log, and the log is where it stands.
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { parseDidKey } from "../../identity/did-key.ts";
import { changeAudited } from "../keys/change-vault.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import { visibleSecrets } from "../secrets/find-secret.ts";
import type { Surroundings } from "../surroundings.ts";
import { acceptanceOf, revocationOf } from "./acceptance-log.ts";
import { readAcceptances } from "./acceptances.ts";
import { isSameViewpoint } from "./admission.ts";
import type { Admission } from "./admission.ts";
import type { Claim } from "./claims.ts";
import { CLAIMS_MAX, dropClaim, readClaims } from "./claims.ts";
import type { OwnIdentity } from "./own-identities.ts";
import { listOwnIdentities } from "./own-identities.ts";

export interface KnownIdentity extends Omit<Admission, "since"> {
  readonly did: DidKey;
}

/**
 * Accepts an identity for what a run from this viewpoint sees.
 *
 * @param name its handle as it claims to be called, or its `did:key`, which needs no claim.
 * @param expectedKey the `did:key` that the owner knows it by: a claim by any other is not taken, whatever it is called.
 * @throws VaultError `not-found` for nobody of that handle, or with another key than the one that is expected, or a workspace or group that no secret knows; `usage` where that is no `did:key`, where several have it, or others may have had it; `audit-unwritable`.
 */
export async function acceptIdentity(surroundings: Surroundings, name: string, handle: string | undefined, viewpoint: Viewpoint, expectedKey?: string): Promise<KnownIdentity> {
  const expected = expectedKey === undefined ? undefined : requireDid(expectedKey);
  return withOpenVault(surroundings, async (vault) => {
    visibleSecrets(vault.file.records.all(), viewpoint);
    const known = listKnown(surroundings, vault);
    const claims = readClaims(surroundings.paths);
    const { did, handle: claimed } = expected === undefined ? findOne(name, [...claims, ...known], "asks to be accepted") : findExpected(name, expected, [...claims, ...known]);
    // Whoever floods the list may have driven out the one that the owner means, and have taken its handle.
    if (name !== did && expected === undefined && claims.length >= CLAIMS_MAX) throw new VaultError("usage", `more identities ask than the list holds, and the one that is meant may have fallen out of it: name it by its did:key, as its own machine shows it`, "to see them: vault identity list; to take one off it: vault identity reject HANDLE");
    const called = handle ?? claimed;
    await append(surroundings, vault, acceptanceOf(did, called, viewpoint));
    dropClaim(surroundings.paths, did);
    const before = known.find((one) => one.did === did)?.viewpoints ?? [];
    return { did, handle: called, viewpoints: before.some((one) => isSameViewpoint(one, viewpoint)) ? before : [...before, viewpoint] };
  });
}

/** Takes back all that it was accepted for, in sessions that are open too. @throws VaultError as `acceptIdentity`. */
export async function revokeIdentity(surroundings: Surroundings, name: string): Promise<KnownIdentity> {
  return withOpenVault(surroundings, async (vault) => {
    const known = listKnown(surroundings, vault);
    const { did } = findOne(name, known, "is accepted");
    const found = known.find((one) => one.did === did);
    if (found === undefined) throw new VaultError("not-found", `no identity "${name}" is accepted`, "vault identity list");
    await append(surroundings, vault, revocationOf(did, found.handle));
    return found;
  });
}

/** Drops a claim. @throws VaultError `not-found`, `usage`. */
export function rejectClaim(surroundings: Surroundings, name: string): Claim {
  const claims = readClaims(surroundings.paths);
  const { did } = findOne(name, claims, "asks to be accepted");
  const claim = claims.find((one) => one.did === did);
  if (claim === undefined) throw new VaultError("not-found", `no identity "${name}" asks to be accepted`, "vault identity list");
  dropClaim(surroundings.paths, did);
  return claim;
}

export interface ListedIdentities {
  readonly accepted: readonly KnownIdentity[];
  readonly claims: readonly Claim[];
  /** Of this machine's user, for brokers elsewhere. */
  readonly own: readonly OwnIdentity[];
  readonly hasVault: boolean;
}

/** Who is accepted, and who asks; and who this machine's user is to others. A machine that has no vault has the last alone. @throws VaultError `no-vault` where there is nothing at all; as `openVault`. */
export async function listIdentities(surroundings: Surroundings): Promise<ListedIdentities> {
  const own = listOwnIdentities(surroundings);
  try {
    return await withOpenVault(surroundings, (vault) => Promise.resolve({ accepted: listKnown(surroundings, vault), claims: readClaims(surroundings.paths), own, hasVault: true }));
  } catch (error) {
    if (error instanceof VaultError && error.code === "no-vault" && own.length > 0) return { accepted: [], claims: [], own, hasVault: false };
    throw error;
  }
}

function listKnown(surroundings: Surroundings, vault: OpenedVault): KnownIdentity[] {
  return [...readAcceptances(surroundings, vault)].map(([did, admission]) => ({ did, ...admission }));
}

/** A handle is what somebody calls himself: where two do, the name that is a key has to say which. */
function findOne(name: string, known: readonly { readonly did: DidKey; readonly handle: string }[], what: string): { readonly did: DidKey; readonly handle: string } {
  const key = parseDidKey(name);
  if (key !== undefined) return known.find(({ did }) => did === key.did) ?? { did: key.did, handle: "unnamed" };
  const named = new Map(known.filter(({ handle }) => handle === name).map((one) => [one.did, one]));
  const [first, second] = named.values();
  if (first === undefined) throw new VaultError("not-found", `no identity "${name}" ${what}`, "by its did:key it needs no claim; to see who is there: vault identity list");
  if (second !== undefined) throw new VaultError("usage", `several identities are called "${name}": ${[...named.keys()].join(", ")}`, "name the one that you mean by its did:key");
  return first;
}

function requireDid(text: string): DidKey {
  const key = parseDidKey(text);
  if (key === undefined) throw new VaultError("usage", `--did takes a did:key, and "${text}" is none`, "it is printed on its own machine: vault identity claim --broker URL --identity HANDLE");
  return key.did;
}

/** Whoever has taken the handle is told to the owner, who may want to know who that is. */
function findExpected(name: string, expected: DidKey, known: readonly { readonly did: DidKey; readonly handle: string }[]): { readonly did: DidKey; readonly handle: string } {
  const named = known.filter(({ did, handle }) => handle === name || did === name);
  const found = named.find(({ did }) => did === expected);
  if (found !== undefined) return found;
  const others = [...new Set(named.map(({ did }) => did))];
  if (others.length === 0) throw new VaultError("not-found", `no identity "${name}" asks to be accepted`, `to see who is there: vault identity list; without a claim: vault identity accept ${expected} --as HANDLE`);
  throw new VaultError("not-found", `who asks as "${name}" has another key than the one you expect: ${others.join(", ")}`, `nobody was accepted; compare with what its claim has printed on its machine; to take it off the list: vault identity reject ${others[0] ?? name}`);
}

/** The vault's own file vouches for it, as for a change of a secret: without that, an older log in the place of this one would take back a revocation. */
async function append(surroundings: Surroundings, { holder }: OpenedVault, event: ReturnType<typeof acceptanceOf>): Promise<void> {
  await changeAudited(surroundings, holder, (contents) => Promise.resolve({ contents, event }));
}
