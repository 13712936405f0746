// The stored secrets of a run, which follow the vault: a new value goes on behind the same placeholder, and what is deleted or may go to fewer places is so for the run as well.
// What takes away is believed of whoever has written the file. What gives needs the vault's key.
import { VaultError } from "../../errors.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { VaultLook } from "../keys/vault-watch.ts";
import { UNDER_WAY_MS } from "../keys/vault-watch.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Reach } from "./reach.ts";
import { findLoss, keepAllowed } from "./reach.ts";
import type { RenewedValue } from "./renewed-value.ts";
import { openRenewedValue } from "./renewed-value.ts";
import type { VaultNews, VaultSight } from "./vault-news.ts";

/** What an earlier value may still be met in: answers under way, and what a server has kept. */
const EARLIER_MAX = 8;
/** How soon a vault that could not be read, or not opened, is tried again. */
const RETRY_MS = 1000;

export interface StoredValues {
  /** The grant again, which follows the vault from now on. It takes the value over. */
  readonly follow: (record: SecretRecord, grant: Grant) => Grant;
  /** @returns what of the vault's changes has not reached the run, or has cost it a secret that it wanted. */
  readonly end: () => string[];
}

export interface FollowTerms {
  readonly viewpoint: Viewpoint;
  readonly look: VaultLook;
  /** What `look` has said before the vault was read. */
  readonly seenAtStart: string;
}

interface Followed {
  readonly given: SecretRecord;
  /** As it was when the vault was last verified; undefined: it is not there any more. */
  known: SecretRecord | undefined;
  readonly renewed: RenewedValue;
  /** What the child knows it by, and how far each could reach at first. */
  readonly grants: { readonly grant: Grant; readonly given: Reach }[];
  /** Why the run has it no longer. */
  loss: string | undefined;
  /** Whether there is a newer value that could not be opened. */
  isOld: boolean;
}

export function followStored(surroundings: Surroundings, { file }: Pick<OpenedVault, "file">, { viewpoint, look, seenAtStart }: FollowTerms): StoredValues {
  const followed = new Map<string, Followed>();
  const complaints = new Map<string, string>();
  let last: VaultSight = { bodyHash: file.bodyHash, generation: file.contents.generation, provider: file.contents.slot.locator.provider };
  let seen = seenAtStart;
  let trouble: VaultError | undefined;
  let triedMs = -Infinity;
  let settledMs = -Infinity;
  let asking: Promise<void> | undefined;

  const isUnsettled = (): boolean => trouble !== undefined || [...followed.values()].some(({ isOld }) => isOld);
  const isDue = (): boolean => look() !== seen || (triedMs > -Infinity && isUnsettled() && performance.now() - triedMs >= RETRY_MS);
  const take = (news: VaultNews): void => {
    trouble = undefined;
    // What was lost meanwhile stays lost: who deletes may be followed by who puts the old file back.
    if (news.kind === "same") return;
    if (news.kind === "verified") last = { bodyHash: news.bodyHash, generation: news.generation, provider: news.provider };
    for (const one of followed.values()) hearNews(one, news, viewpoint);
  };
  const settle = async (): Promise<void> => {
    const state = look(true);
    triedMs = performance.now();
    try {
      const { readVaultNews } = await import("./vault-news.ts");
      take(await readVaultNews(surroundings, [...followed.values()].map(({ given }) => given), last));
    } catch (error) {
      trouble = error instanceof VaultError ? error : new VaultError("io", "the vault could not be read");
    }
    seen = state;
    settledMs = performance.now();
  };
  const complain = ({ given: { name }, loss, isOld }: Followed): void => {
    if (trouble !== undefined) complaints.set("", `the vault was changed while the program ran, and what could then be read of it is not to be trusted, so no stored secret went out: ${trouble.message}`);
    else if (loss !== undefined) complaints.set(name, `${name} was not sent any more: ${loss}`);
    else if (isOld) complaints.set(name, `an old value of ${name} was used: the vault has a newer one, and nobody was there to open it (vault unlock)`);
  };

  return {
    follow(record, grant) {
      const one: Followed = followed.get(record.id) ?? { given: record, known: record, renewed: openRenewedValue(grant.value, EARLIER_MAX), grants: [], loss: undefined, isOld: false };
      followed.set(record.id, one);
      let hasTold = false;
      const isTroubled = (): boolean => trouble !== undefined || one.loss !== undefined || one.isOld;
      const living = {
        isMade: false,
        generation: one.renewed.generation,
        // Between a change and the look at what it is, nobody knows.
        isGood: () => trouble === undefined && one.loss === undefined && (look() === seen || performance.now() - settledMs < UNDER_WAY_MS),
        isDue: () => isDue() || (!hasTold && isTroubled()),
        earlier: () => one.renewed.earlier,
        onRenewed: one.renewed.onRenewed,
        async prepare() {
          if (isDue()) await (asking ??= settle().finally(() => { asking = undefined; }));
          hasTold = isTroubled();
          complain(one);
        },
        noteRefused: () => undefined,
        renewRefused: () => Promise.resolve(false),
      };
      const { bindings, places, allowPrivate, rules } = grant;
      const following = { ...grant, firstBindings: bindings, living };
      one.grants.push({ grant: following, given: { bindings, places, allowPrivate, rules } });
      return following;
    },
    end: () => [...complaints.values()],
  };
}

function hearNews(one: Followed, news: Exclude<VaultNews, { readonly kind: "same" }>, viewpoint: Viewpoint): void {
  const now = news.records.get(one.given.id);
  if (news.kind === "unverified") {
    // It stays so until somebody with the key says otherwise.
    one.loss ??= findLoss(one.given, now, viewpoint);
    if (now !== undefined) for (const { grant } of one.grants) Object.assign(grant, keepAllowed(grant, now));
    one.isOld ||= now !== undefined && now.version !== one.known?.version;
    return;
  }
  one.known = now;
  one.loss = findLoss(one.given, now, viewpoint);
  one.isOld = false;
  if (now !== undefined) for (const { grant, given } of one.grants) Object.assign(grant, keepAllowed(given, now));
  const next = news.values.get(one.given.id);
  if (next !== undefined) one.renewed.put(next);
}
