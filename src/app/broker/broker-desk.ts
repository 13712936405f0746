// What a broker does for whoever proves an identity: opens sessions, or takes them on from another broker, and ends them; each in bounds for one identity.
import type { BrokerService, Reply, SessionDoor } from "../../broker/front.ts";
import { REFUSED, replyWith } from "../../broker/front.ts";
import type { SessionOrder } from "../../broker/order.ts";
import { encodeAnswer, parseOrder } from "../../broker/order.ts";
import { parseOutcome } from "../../broker/outcome.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import type { ProofVerdict } from "../../identity/proof.ts";
import { judgeProof } from "../../identity/proof.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import { admit } from "./admission.ts";
import type { BrokerSession } from "./broker-session.ts";
import type { Held } from "./held-sessions.ts";
import { openHeldSessions } from "./held-sessions.ts";
import type { RefusalRecord } from "./refusal-record.ts";
import type { ServedVault } from "./served-vault.ts";

export interface ServiceTerms {
  /** The origin by which runs know this broker: what proofs are for. */
  readonly audience: () => string;
  /** Another one each time a broker starts that remembers by itself which proofs it has seen. */
  readonly nonce: string;
  readonly vaults: readonly ServedVault[];
  /** Whether nobody has shown this proof before. */
  readonly takeProof: (proof: Extract<ProofVerdict, { kind: "proven" }>["proof"]) => boolean | Promise<boolean>;
  readonly claim: BrokerService["claim"];
  readonly tell: BrokerService["tell"];
  /** Hears of each who is refused. */
  readonly refused: RefusalRecord["refused"];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
}

/** Since the start, but for `sessions`: those that are open. */
export interface Counts {
  readonly sessions: number;
  readonly opened: number;
  /** Which other brokers have opened. */
  readonly joined: number;
  readonly refused: number;
  readonly connections: number;
}

export interface BrokerDesk extends BrokerService {
  readonly count: () => Counts;
  /** Ends those of whom it is true. */
  endWhere(isOver: (session: BrokerSession) => boolean): void;
  close(): Promise<void>;
}

/** Of one identity. */
const SESSIONS_MAX = 200;
/** The same, of all its sessions together: a tenth of what a broker takes. */
const CONNECTIONS_MAX = 2_000;
/** What it asks at a time, and has no answer to yet. */
const UNDER_WAY_MAX = 500;

/** Whoever opened it closes it: sessions that another broker can have are left to it. */
export function openBrokerDesk({ audience, nonce, vaults, takeProof, claim, tell, refused, now, warn }: ServiceTerms): BrokerDesk {
  const sessions = openHeldSessions(warn);
  /** How many an identity is about to have, and how many connections it has: those that are none are left out. */
  const [opening, connections, underWay] = [openTally(), openTally(), openTally()];
  const counts = { opened: 0, joined: 0, refused: 0, connections: 0 };
  /** Those of others that are being taken on. */
  const joining = new Map<string, Promise<Held | undefined>>();

  const isFull = (did: DidKey): boolean => sessions.countOf(did) + opening.of(did) >= SESSIONS_MAX;
  /** Whichever broker has opened it. @returns undefined for one that is not this identity's, or is over. @throws VaultError as `ServedVault.join`. */
  const find = async (did: DidKey, id: string): Promise<Held | "busy" | undefined> => {
    const known = sessions.find(id);
    // One that is over is about to be ended here.
    if (known !== undefined) return known.session.did === did && !known.session.isOver() ? known : undefined;
    const others = vaults.filter(({ shared, acceptances }) => shared !== undefined && acceptances.find(did) !== undefined);
    if (others.length === 0) return undefined;
    // One identity's word decides for itself alone: another's question waits for no answer of this one.
    const name = `${did} ${id}`;
    const begun = joining.get(name);
    if (begun !== undefined) return begun;
    if (isFull(did)) return "busy";
    const free = opening.add(did);
    const joined = join(others, did, id).finally(() => {
      joining.delete(name);
      free();
    });
    joining.set(name, joined);
    return joined;
  };
  const join = async (others: readonly ServedVault[], did: DidKey, id: string): Promise<Held | undefined> => {
    for (const vault of others) {
      const session = await vault.join(did, id);
      if (session === undefined) continue;
      counts.joined += 1;
      return sessions.hold(session);
    }
    return undefined;
  };
  const open = async (did: DidKey, order: SessionOrder): Promise<Reply> => {
    const admitted = admit(vaults.map(({ acceptances }) => acceptances), did, { vault: order.vault, workspace: order.workspace, group: order.group });
    if (admitted.kind === "refused") return REFUSED;
    if (admitted.kind === "ambiguous") return replyWith(409, { code: "ambiguous", vaults: admitted.vaults });
    if (isFull(did)) return replyWith(429, { code: "busy" });
    const served = vaults.find(({ acceptances }) => acceptances.vault === admitted.vault);
    if (served === undefined) return REFUSED;
    const viewpoint: Viewpoint = admitted.viewpoint;
    const free = opening.add(did);
    const session = await served.open({ did, handle: admitted.handle, viewpoint, since: admitted.since }, order).finally(free);
    sessions.hold(session);
    counts.opened += 1;
    return { status: 201, body: encodeAnswer(session.answer) };
  };

  const countRefused: RefusalRecord["refused"] = (why, did) => {
    counts.refused += 1;
    refused(why, did);
  };
  const refuse = (did: DidKey): Reply => {
    countRefused("not-accepted", did);
    return REFUSED;
  };
  return {
    nonce,
    async prove(authorization, request) {
      const verdict = judgeProof(authorization, { audience: audience(), nonce, ...request }, now());
      if (verdict.kind === "proven" && (await takeProof(verdict.proof))) return verdict;
      // One for another broker's nonce or of another clock's time is how honest runs begin.
      if (verdict.kind === "refused" && verdict.why !== "bad") counts.refused += 1;
      else countRefused("proof", undefined);
      return verdict.kind === "proven" ? { kind: "refused", why: "bad" } : verdict;
    },
    admit(did) {
      if (!vaults.some(({ acceptances }) => acceptances.find(did) !== undefined)) return undefined;
      return underWay.of(did) >= UNDER_WAY_MAX ? "busy" : underWay.add(did);
    },
    claim,
    async openSession(did, body) {
      let order: SessionOrder | undefined;
      try {
        order = parseOrder(body);
        const reply = await open(did, order);
        if (reply === REFUSED) countRefused("not-accepted", did);
        return reply;
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        // A stranger, who may send what he likes, fills no log.
        if (order !== undefined) warn(`no session for ${did}: ${error.message}`);
        // The code, and no words: those may tell of what the identity was not accepted for.
        return replyWith(422, { code: error.code });
      }
    },
    async endSession(did, id, body) {
      const held = sessions.find(id);
      if (held !== undefined && held.session.did !== did) return refuse(did);
      try {
        const outcome = parseOutcome(body);
        if (held !== undefined) return replyWith(200, { lines: await sessions.end(held, outcome) });
        for (const vault of vaults) {
          const lines = await vault.endAbsent(did, id, outcome);
          if (lines !== undefined) return replyWith(200, { lines });
        }
        return refuse(did);
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        if (error.code === "store-unavailable") throw error;
        // Of a session that is not there nothing is said, however it is asked for.
        if (held === undefined) return refuse(did);
        return replyWith(422, { code: error.code });
      }
    },
    async findSession(did, id): Promise<SessionDoor | "busy" | undefined> {
      const held = await find(did, id);
      if (held === undefined) countRefused("not-accepted", did);
      if (held === undefined || held === "busy") return held;
      if (connections.of(did) >= CONNECTIONS_MAX) return "busy";
      return {
        admit(socket, arrival) {
          counts.connections += 1;
          socket.once("close", connections.add(did));
          held.session.admit(socket, arrival);
        },
        follow(socket) {
          socket.once("close", connections.add(did));
          sessions.follow(held, socket);
        },
      };
    },
    tell,
    count: () => ({ ...counts, sessions: sessions.size }),
    endWhere(isOver) {
      for (const held of sessions.all()) if (isOver(held.session)) void sessions.end(held, { kind: "revoked" });
    },
    async close() {
      // Other brokers go on with those that they can have, and end those that no run comes back to.
      await Promise.all(sessions.all().map((held) => sessions.end(held, { kind: held.session.shared === undefined ? "abandoned" : "left" })));
    },
  };
}

/** Counts for each identity. */
function openTally(): { of(did: DidKey): number; add(did: DidKey): () => void } {
  const counts = new Map<DidKey, number>();
  const of = (did: DidKey): number => counts.get(did) ?? 0;
  return {
    of,
    add(did) {
      counts.set(did, of(did) + 1);
      return () => {
        if (of(did) > 1) counts.set(did, of(did) - 1);
        else counts.delete(did);
      };
    },
  };
}
