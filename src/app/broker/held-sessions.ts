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
/** What it asks at a time, and has no answer to yet. */
const UNDER_WAY_MAX = 500;
/** How long a session waits for its run to come back when the line of its events has ended. */
const ABSENCE_MS = 30_000;

interface Held {
  readonly session: BrokerSession;
  /** Of those who hold the line of its events. */
  readonly lines: Set<Socket>;
  timer: NodeJS.Timeout | undefined;
}

export function openHeldSessions({ audience, nonce, vaults, takeProof, claim, tell, refused, now, warn }: ServiceTerms): HeldSessions {
  const sessions = new Map<string, Held>();
  /** How many an identity is about to have, and how many connections it has: those that are none are left out. */
  const [opening, connections, underWay] = [openTally(), openTally(), openTally()];
  const counts = { opened: 0, joined: 0, refused: 0, connections: 0 };

  /** Those of others that are being taken on. */
  const joining = new Map<string, Promise<Held | undefined>>();

  const end = async (held: Held, outcome: Parameters<BrokerSession["end"]>[0]): Promise<readonly string[]> => {
    if (sessions.get(held.session.id) === held) sessions.delete(held.session.id);
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
    held.timer = setTimeout(() => { void giveUp(held); }, ABSENCE_MS);
  };
  const giveUp = async (held: Held): Promise<void> => {
    try {
      // Of several brokers, the run holds its line to one.
      if ((await held.session.shared?.isKeptElsewhere()) === true) return;
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      if (held.lines.size === 0 && sessions.get(held.session.id) === held) waitForRun(held);
      return;
    }
    if (held.lines.size === 0) void end(held, { kind: "abandoned" });
  };
  const hold = (session: BrokerSession): Held => {
    const held: Held = { session, lines: new Set(), timer: undefined };
    sessions.set(session.id, held);
    waitForRun(held);
    return held;
  };
  const isFull = (did: DidKey): boolean => [...sessions.values()].filter(({ session }) => session.did === did).length + opening.of(did) >= SESSIONS_MAX;
  /** Whichever broker has opened it. @returns undefined for one that is not this identity's, or is over. @throws VaultError as `ServedVault.join`. */
  const find = async (did: DidKey, id: string): Promise<Held | "busy" | undefined> => {
    const known = sessions.get(id);
    if (known !== undefined) return known.session.did === did ? known : undefined;
    await meet(did);
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
      return hold(session);
    }
    return undefined;
  };
  /** Of one whom nobody knows here, another machine may have told just now. */
  const meet = async (did: DidKey): Promise<void> => {
    if (vaults.some(({ acceptances }) => acceptances.find(did) !== undefined)) return;
    await Promise.all(vaults.flatMap(({ shared }) => shared?.catchUp() ?? []));
  };
  const open = async (did: DidKey, order: SessionOrder): Promise<Reply> => {
    await meet(did);
    const admitted = admit(vaults.map(({ acceptances }) => acceptances), did, { vault: order.vault, workspace: order.workspace, group: order.group });
    if (admitted.kind === "refused") return REFUSED;
    if (admitted.kind === "ambiguous") return replyWith(409, { code: "ambiguous", vaults: admitted.vaults });
    if (isFull(did)) return replyWith(429, { code: "busy" });
    const served = vaults.find(({ acceptances }) => acceptances.vault === admitted.vault);
    if (served === undefined) return REFUSED;
    const viewpoint: Viewpoint = admitted.viewpoint;
    const free = opening.add(did);
    const session = await served.open({ did, handle: admitted.handle, viewpoint }, order).finally(free);
    hold(session);
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
      const held = sessions.get(id);
      if (held !== undefined && held.session.did !== did) return refuse(did);
      try {
        const outcome = parseOutcome(body);
        if (held !== undefined) return replyWith(200, { lines: await end(held, outcome) });
        for (const vault of vaults) if (await vault.endAbsent(did, id, outcome)) return replyWith(200, { lines: [] });
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
        follow(socket: Socket) {
          held.lines.add(socket);
          socket.once("close", connections.add(did));
          clearTimeout(held.timer);
          held.session.shared?.holdLine(true);
          const stop = held.session.follow((line) => { if (socket.writableLength < LINE_BYTES_MAX) socket.write(line); });
          // A load balancer passes on that the run has closed, and keeps the other half open for as long as it likes.
          socket.once("end", () => { socket.destroy(); });
          socket.resume();
          socket.once("close", () => {
            stop();
            held.lines.delete(socket);
            if (held.lines.size > 0 || sessions.get(id) !== held) return;
            held.session.shared?.holdLine(false);
            waitForRun(held);
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
      // Other brokers go on with those that they can have, and end those that no run comes back to.
      await Promise.all([...sessions.values()].map((held) => end(held, { kind: held.session.shared === undefined ? "abandoned" : "left" })));
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
