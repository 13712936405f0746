// A vault that a broker serves: opened anew for each session, so that what was changed meanwhile counts.
import type { AuditEvent } from "../../audit/entry.ts";
import type { SessionOrder } from "../../broker/order.ts";
import { encodeBase64 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { connectForRun } from "../keys/agent-for-runs.ts";
import { askedOnce } from "../keys/asked-once.ts";
import { appendAudited } from "../keys/change-vault.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import { watchLock } from "../keys/lock-watch.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { UpstreamTrust } from "../../proxy/tls/upstream-trust.ts";
import type { ExitOutcome } from "../../run/child/exit-outcome.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { KeyLocator } from "../../vault/key-slot.ts";
import type { Surroundings } from "../surroundings.ts";
import { withoutPassphrase } from "../surroundings.ts";
import { followAcceptancesOf } from "./acceptances.ts";
import type { Acceptances } from "./admission.ts";
import { stillStands } from "./admission.ts";
import type { BrokerSession, SessionTerms } from "./broker-session.ts";
import { openBrokerSession, tellOfOthers } from "./broker-session.ts";
import { followMachines } from "./other-machines.ts";
import type { SharedVault } from "./brokered-vault.ts";
import { openSharedVault } from "./brokered-vault.ts";

/** Whoever was admitted, and for what. */
export interface Admittee {
  readonly did: DidKey;
  readonly handle: string;
  readonly viewpoint: Viewpoint;
  /** See `Admission`. */
  readonly since: number;
}

export interface ServedVault {
  readonly acceptances: Acceptances;
  /** Whether a session could be opened now. */
  isReady(): Promise<boolean>;
  /** Who keeps its key, as was seen last. */
  provider(): KeyLocator["provider"];
  /** @throws VaultError as a run beside it would. */
  open(admittee: Admittee, order: SessionOrder): Promise<BrokerSession>;
  /** What this broker has to do with others that serve this vault; undefined where it is in a file. */
  readonly shared: SharedVault | undefined;
  /** A session that another broker has opened for this identity, and that may go on. @throws VaultError as a run beside it would; `store-unavailable`. */
  join(did: DidKey, session: string): Promise<BrokerSession | undefined>;
  /** Ends such a session, of which nothing is served here. @returns what the person is told; undefined where there was none. @throws VaultError as `join`. */
  endAbsent(did: DidKey, session: string, outcome: ExitOutcome): Promise<readonly string[] | undefined>;
  /** Into this vault's log. @throws VaultError as a run's start would. */
  enter(event: AuditEvent): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the vault once, for which a passphrase may be asked for, and sees to it that an agent holds its key from then on.
 *
 * @throws VaultError as a run's start would.
 */
export async function openServedVault(surroundings: Surroundings, roots: UpstreamTrust): Promise<ServedVault> {
  // Nobody types a passphrase for somebody far away.
  const quiet: Surroundings = { ...withoutPassphrase(surroundings), makesVault: false };
  const { surroundings: asking, forget } = askedOnce(surroundings);
  const first = await followedWatch(asking, async (vault) => {
    const log = followAcceptancesOf(surroundings, vault);
    return { id: encodeBase64(vault.file.contents.id), provider: vault.file.contents.slot.locator.provider, followed: log, shared: await openSharedVault(quiet, vault, log) };
  }).finally(forget);
  const { id, followed, shared } = first.read;
  const { find } = followed;
  let { watch } = first;
  let { provider } = first.read;
  const machines = await followMachines(quiet);
  let ready: { readonly answer: Promise<boolean>; readonly atMs: number } | undefined;
  const look = async (): Promise<boolean> => {
    try {
      return await withOpenVault(quiet, ({ file }) => {
        provider = file.contents.slot.locator.provider;
        return Promise.resolve(true);
      });
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return false;
    }
  };
  const terms = async ({ did, handle, viewpoint, since }: Admittee): Promise<SessionTerms> => {
    // Locked, and unlocked since: those sessions stay dead, and new ones may be had.
    if (watch.isRevoked()) {
      const { watch: next } = await followedWatch(quiet, () => Promise.resolve());
      watch.close();
      watch = next;
    }
    return { surroundings: quiet, look: machines.look, watch, roots, did, handle, viewpoint, isRevoked: () => !stillStands(find(did), viewpoint, since), shared };
  };
  return {
    shared,
    acceptances: { vault: id, find },
    isReady() {
      // Anybody may ask, and as often as he likes.
      if (ready === undefined || performance.now() - ready.atMs > READY_MS) ready = { answer: look(), atMs: performance.now() };
      return ready.answer;
    },
    provider: () => provider,
    open: async (admittee, order) => openBrokerSession(await terms(admittee), order),
    async join(did, id) {
      const record = await shared?.find(did, id);
      // By now the log is here that others have written.
      const admission = find(did);
      if (record === undefined || admission === undefined || !stillStands(admission, record.viewpoint, admission.since)) return undefined;
      const session = await openBrokerSession(await terms({ did, handle: admission.handle, viewpoint: record.viewpoint, since: admission.since }), record.order, { id, record });
      if (!session.isOver()) return session;
      await session.end({ kind: "left" });
      return undefined;
    },
    async endAbsent(did, id, outcome) {
      const record = await shared?.find(did, id);
      if (record === undefined || find(did) === undefined) return undefined;
      record.proxy.ca.key.wipe();
      await shared?.end(id, outcome);
      return tellOfOthers(record.order);
    },
    enter: (event) => withOpenVault(quiet, async (vault) => { await appendAudited(quiet, vault.holder, vault.file.contents, event); }),
    async close() {
      await shared?.close();
      machines.close();
      followed.close();
      watch.close();
    },
  };
}

/** How long an answer counts. */
const READY_MS = 1_000;

/** An ear for `vault lock`, tied to an agent that has the key. @param read what else is wanted of the vault while it is open. */
async function followedWatch<T>(surroundings: Surroundings, read: (vault: OpenedVault) => Promise<T>): Promise<{ readonly watch: LockWatch; readonly read: T }> {
  const watch = watchLock(surroundings.paths);
  try {
    return await withOpenVault(surroundings, async (vault) => {
      watch.follow(vault.agent ?? (await connectForRun(surroundings, vault)));
      return { watch, read: await read(vault) };
    });
  } catch (error) {
    watch.close();
    throw error;
  }
}
