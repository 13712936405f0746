// What a broker answers to whoever proves an identity: who is refused, what a session's opening and end are told in, and how many connections one identity may have.
import type { BrokerService, Reply, SessionDoor } from "../../broker/front.ts";
import { REFUSED, replyWith } from "../../broker/front.ts";
import type { SessionOrder } from "../../broker/order.ts";
import { encodeAnswer, parseOrder } from "../../broker/order.ts";
import { parseOutcome } from "../../broker/outcome.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import type { ProofVerdict } from "../../identity/proof.ts";
import { judgeProof } from "../../identity/proof.ts";
import { openBoundedSessions } from "./bounded-sessions.ts";
import type { BrokerSession } from "./broker-session.ts";
import { openHeldSessions } from "./held-sessions.ts";
import type { RefusalRecord } from "./refusal-record.ts";
import type { ServedVault } from "./served-vault.ts";
import { openTally } from "./tally.ts";

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

/** Of one identity, in all its sessions together: a tenth of what a broker takes. */
const CONNECTIONS_MAX = 2_000;
/** What one identity asks at a time, and has no answer to yet. */
const UNDER_WAY_MAX = 500;

/** Whoever opened it closes it: sessions that another broker can have are left to it. */
export function openBrokerDesk({ audience, nonce, vaults, takeProof, claim, tell, refused, now, warn }: ServiceTerms): BrokerDesk {
  const sessions = openHeldSessions(warn);
  const bounded = openBoundedSessions(vaults, sessions);
  const [connections, underWay] = [openTally(), openTally()];
  const counts = { refused: 0, connections: 0 };

  const open = async (did: DidKey, order: SessionOrder): Promise<Reply> => {
    const opening = await bounded.open(did, order);
    switch (opening.kind) {
      case "opened":
        return { status: 201, body: encodeAnswer(opening.session.answer) };
      case "busy":
        return replyWith(429, { code: "busy" });
      case "ambiguous":
        return replyWith(409, { code: "ambiguous", vaults: opening.vaults });
      case "refused":
        return refuse(did);
    }
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
        return await open(did, order);
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
      const held = await bounded.find(did, id);
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
    count: () => ({ ...counts, ...bounded.count(), sessions: sessions.size }),
    endWhere(isOver) {
      for (const held of sessions.all()) if (isOver(held.session)) void sessions.end(held, { kind: "revoked" });
    },
    async close() {
      // Other brokers go on with those that they can have, and end those that no run comes back to.
      await Promise.all(sessions.all().map((held) => sessions.end(held, { kind: held.session.shared === undefined ? "abandoned" : "left" })));
    },
  };
}
