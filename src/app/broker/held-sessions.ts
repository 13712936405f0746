// What a broker does for whoever proves an identity: sessions, and their ends.
import type { Socket } from "node:net";
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
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
}

/** Since the start, but for `sessions`: those that are open. */
export interface Counts {
  readonly sessions: number;
  readonly opened: number;
  readonly refused: number;
  readonly connections: number;
}

export interface HeldSessions extends BrokerService {
  readonly count: () => Counts;
  /** Ends those of whom it is true. */
  endWhere(isOver: (session: BrokerSession) => boolean): void;
  close(): Promise<void>;
}

/** Of one identity. */
const SESSIONS_MAX = 200;
/** The same, of all its sessions together: a tenth of what a broker takes. */
const CONNECTIONS_MAX = 2_000;
/** How long a session waits for its run to come back when the line of its events has ended. */
const ABSENCE_MS = 30_000;

interface Held {
  readonly session: BrokerSession;
  /** Of those who hold the line of its events. */
  readonly lines: Set<Socket>;
  timer: NodeJS.Timeout | undefined;
}

export function openHeldSessions({ audience, nonce, vaults, takeProof, claim, tell, now, warn }: ServiceTerms): HeldSessions {
  const sessions = new Map<string, Held>();
  /** How many an identity is about to have, and how many connections it has: those that are none are left out. */
  const [opening, connections] = [openTally(), openTally()];
  const counts = { opened: 0, refused: 0, connections: 0 };

  const end = async (held: Held, outcome: Parameters<BrokerSession["end"]>[0]): Promise<readonly string[]> => {
    sessions.delete(held.session.id);
    clearTimeout(held.timer);
    return held.session.end(outcome).catch((error: unknown) => {
      warn(error instanceof VaultError ? error.message : "the end of a session could not be written to the audit log");
      return [];
    }).finally(() => {
      // By it the run hears that there is nothing to come back to.
      for (const socket of held.lines) socket.destroy();
    });
  };
  const waitForRun = (held: Held): void => {
    clearTimeout(held.timer);
    held.timer = setTimeout(() => { void end(held, { kind: "abandoned" }); }, ABSENCE_MS);
  };
  const open = async (did: DidKey, order: SessionOrder): Promise<Reply> => {
    const admitted = admit(vaults.map(({ acceptances }) => acceptances), did, { vault: order.vault, workspace: order.workspace, group: order.group });
    if (admitted.kind === "refused") return REFUSED;
    if (admitted.kind === "ambiguous") return replyWith(409, { code: "ambiguous", vaults: admitted.vaults });
    if ([...sessions.values()].filter(({ session }) => session.did === did).length + opening.of(did) >= SESSIONS_MAX) return replyWith(429, { code: "busy" });
    const served = vaults.find(({ acceptances }) => acceptances.vault === admitted.vault);
    if (served === undefined) return REFUSED;
    const viewpoint: Viewpoint = admitted.viewpoint;
    const free = opening.add(did);
    const session = await served.open({ did, handle: admitted.handle, viewpoint }, order).finally(free);
    const held: Held = { session, lines: new Set(), timer: undefined };
    sessions.set(session.id, held);
    counts.opened += 1;
    waitForRun(held);
    return { status: 201, body: encodeAnswer(session.answer) };
  };

  return {
    nonce,
    async prove(authorization, request) {
      const verdict = judgeProof(authorization, { audience: audience(), nonce, ...request }, now());
      if (verdict.kind === "proven" && (await takeProof(verdict.proof))) return verdict;
      counts.refused += 1;
      return verdict.kind === "proven" ? { kind: "refused", why: "bad" } : verdict;
    },
    claim,
    async openSession(did, body) {
      let order: SessionOrder | undefined;
      try {
        order = parseOrder(body);
        const reply = await open(did, order);
        if (reply === REFUSED) counts.refused += 1;
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
      const held = sessions.get(id);
      if (held?.session.did !== did) return REFUSED;
      try {
        return replyWith(200, { lines: await end(held, parseOutcome(body)) });
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        return replyWith(422, { code: error.code });
      }
    },
    findSession(did, id): SessionDoor | "busy" | undefined {
      const held = sessions.get(id);
      if (held?.session.did !== did) return undefined;
      if (connections.of(did) >= CONNECTIONS_MAX) return "busy";
      return {
        admit(socket, arrival) {
          counts.connections += 1;
          socket.once("close", connections.add(did));
          held.session.admit(socket, arrival);
        },
        follow(socket: Socket) {
          held.lines.add(socket);
          socket.once("close", connections.add(did));
          clearTimeout(held.timer);
          const stop = held.session.follow((line) => { if (socket.writableLength < LINE_BYTES_MAX) socket.write(line); });
          socket.resume();
          socket.once("close", () => {
            stop();
            held.lines.delete(socket);
            if (held.lines.size === 0 && sessions.has(id)) waitForRun(held);
          });
        },
      };
    },
    tell,
    count: () => ({ ...counts, sessions: sessions.size }),
    endWhere(isOver) {
      for (const held of [...sessions.values()]) if (isOver(held.session)) void end(held, { kind: "revoked" });
    },
    async close() {
      await Promise.all([...sessions.values()].map((held) => end(held, { kind: "abandoned" })));
    },
  };
}

/** Of what a run that does not read is behind. */
const LINE_BYTES_MAX = 1024 * 1024;

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
