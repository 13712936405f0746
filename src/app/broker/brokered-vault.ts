// A vault on a store, as one of several brokers serves it: what they have to tell each other of sessions and proofs.
import { randomBytes } from "node:crypto";
import { partKey } from "../../audit/entry.ts";
import { openHeartbeat } from "../../audit/heartbeat.ts";
import { hasNewer } from "../../audit/log-store.ts";
import { wipe } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import type { Proof } from "../../identity/proof.ts";
import { catchUpLog, findLogStore } from "../keys/log-reading.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { ExitOutcome } from "../../run/child/exit-outcome.ts";
import type { Surroundings } from "../surroundings.ts";
import type { FollowedAcceptances } from "./acceptances.ts";
import { openLogCatchUp, passVaultError } from "./log-catch-up.ts";
import { openProofEntries } from "./proof-entries.ts";
import type { SessionEntry } from "./session-entries.ts";
import { findSessionEntry, keepSession, makeSessionEntry, removeSession } from "./session-entries.ts";
import type { SessionRecord } from "./session-record.ts";
import { encodeRecord, findRecord } from "./session-record.ts";
import { nonceOfBrokers, openText, sealText } from "./session-seal.ts";
import { openSweeper, tellEnd } from "./session-sweep.ts";

export interface SharedVault {
  /** This broker's ID. */
  readonly broker: string;
  /** What proofs repeat, at each of these brokers. */
  readonly nonce: string;
  /** Done when all is here that the log had when this was called, where it can be had. Anybody may ask, as often as he likes. */
  catchUp(): Promise<void>;
  /** True for the first of these brokers that asks with this proof. @throws VaultError `store-unavailable`. */
  takeProof(proof: Proof): Promise<boolean>;
  /** Lets the others know of a session that has begun here. @param key the vault's for sessions. @throws VaultError `store-unavailable`. */
  tell(session: string, record: SessionRecord, key: Uint8Array): Promise<void>;
  /** One that another broker has begun, as far as what is said of it is true; the log is caught up with. @throws VaultError `store-unavailable`, as `withOpenVault`. */
  find(did: DidKey, session: string): Promise<SessionRecord | undefined>;
  /** Whether the log says that nobody may go on with it. @param isAnew looks at once. */
  isOver(session: string, isAnew?: boolean): boolean;
  /** Whether others have gone on with a session that was begun here, as far as the log is here. */
  hasJoins(session: string): boolean;
  /** Ends a session of which nothing is served here: in the log, once, and in the store. @throws VaultError as `withOpenVault`, `audit-unwritable`. */
  end(session: string, outcome: ExitOutcome): Promise<void>;
  /** A part of a session that is served here. */
  attach(session: string): SharedPart;
  close(): Promise<void>;
}

export interface SharedPart {
  /** The run holds its line here, from now on, or no more. */
  holdLine(isHeld: boolean): void;
  /** Whether the run holds its line to another broker. @throws VaultError `store-unavailable`. */
  isKeptElsewhere(): Promise<boolean>;
  /** The session is over. @throws VaultError `store-unavailable`. */
  remove(): Promise<void>;
  detach(): void;
}

/** @param vault open; nothing of it is kept. @throws VaultError `store-unavailable`. */
export async function openSharedVault(surroundings: Surroundings, { file, keys }: Pick<OpenedVault, "file" | "keys">, log: FollowedAcceptances): Promise<SharedVault | undefined> {
  const { paths } = surroundings;
  const store = await findLogStore(paths, file.contents);
  if (store === undefined) return undefined;
  const { engine } = store;
  const broker = randomBytes(8).toString("hex");
  const nonce = nonceOfBrokers(keys.sessions);
  const beatKey = partKey(keys.audit, { kind: "run", id: broker });
  const heartbeat = openHeartbeat(engine, broker, beatKey);
  wipe(beatKey);
  const proofs = openProofEntries(engine);
  const parts = new Map<string, { isHeld: boolean }>();
  const keep = async (session: string): Promise<void> => {
    await keepSession(engine, session, broker);
  };
  const pulls = openLogCatchUp(async () => {
    if (await hasNewer(store, log.length())) await withOpenVault(surroundings, (vault) => catchUpLog(paths, vault.file, vault.holder));
  });
  const sweeper = openSweeper(surroundings, { engine, broker, log, proofs, catchUp: pulls.catchUp, isHeld: (session) => parts.get(session)?.isHeld === true, keep });
  const isOver: SharedVault["isOver"] = (session, isAnew = false) => log.findSession(session, isAnew)?.isEnded !== false;
  return {
    broker,
    nonce,
    async catchUp() {
      await pulls.catchUp().catch(passVaultError);
      log.look();
    },
    takeProof: (proof) => proofs.take(proof),
    async tell(session, record, key) {
      if (!(await makeSessionEntry(engine, session, broker, sealText(key, session, encodeRecord(record))))) throw new VaultError("busy", "there is a session of that name");
    },
    async find(did, session) {
      const entry = await findSessionEntry(engine, session);
      if (entry === undefined) return undefined;
      const record = await withOpenVault(surroundings, ({ keys: { sessions } }) => Promise.resolve(openEntry(sessions, entry)));
      if (record?.did !== did) return undefined;
      await pulls.catchUp();
      const logged = log.findSession(session, true);
      const admission = log.find(did);
      // One who was accepted anew since has nothing of what he had.
      if (admission === undefined || logged === undefined || logged.since < admission.since) return undefined;
      return !logged.isEnded && logged.run === record.begun.run && logged.identity === did ? record : undefined;
    },
    isOver,
    hasJoins: (session) => (log.findSession(session, true)?.joins ?? 0) > 0,
    async end(session, outcome) {
      await tellEnd(surroundings, log, session, { ...outcome });
      await removeSession(engine, session);
    },
    attach(session) {
      const part = { isHeld: false };
      parts.set(session, part);
      // What was written of it just now.
      log.findSession(session, true);
      return {
        holdLine(isHeld) {
          part.isHeld = isHeld;
          // Where it fails now, the sweeper does it later.
          if (isHeld) keep(session).catch(passVaultError);
        },
        async isKeptElsewhere() {
          const entry = await findSessionEntry(engine, session);
          return entry !== undefined && entry.keeper !== broker;
        },
        remove: () => removeSession(engine, session),
        detach() {
          if (parts.get(session) === part) parts.delete(session);
        },
      };
    },
    async close() {
      pulls.close();
      await sweeper.close();
      await heartbeat.close();
    },
  };
}

function openEntry(key: Uint8Array, { session, sealed }: SessionEntry): SessionRecord | undefined {
  const text = openText(key, session, sealed);
  try {
    return text && findRecord(text);
  } finally {
    wipe(text);
  }
}
