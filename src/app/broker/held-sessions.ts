// The sessions that a broker has, each with the line of its events; and the end of one whose run does not come back.
import type { Socket } from "node:net";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import type { BrokerSession } from "./broker-session.ts";

export interface Held {
  readonly session: BrokerSession;
  /** Of those who hold the line of its events. */
  readonly lines: Set<Socket>;
  timer: NodeJS.Timeout | undefined;
}

export interface HeldSessions {
  readonly size: number;
  /** Of one identity. */
  countOf(did: DidKey): number;
  find(id: string): Held | undefined;
  /** Takes one on. It ends where nobody holds its line for a while. */
  hold(session: BrokerSession): Held;
  /** Leads its events to this socket, which is its line until it is closed. */
  follow(held: Held, socket: Socket): void;
  /** Never rejects. @returns what its run is to be told, in lines. */
  end(held: Held, outcome: Parameters<BrokerSession["end"]>[0]): Promise<readonly string[]>;
  all(): readonly Held[];
}

/** How long a session waits for its run to come back when the line of its events has ended. */
const ABSENCE_MS = 30_000;
/** Of what a run that does not read is behind. */
const LINE_BYTES_MAX = 1024 * 1024;

export function openHeldSessions(warn: (message: string) => void): HeldSessions {
  const sessions = new Map<string, Held>();

  const end: HeldSessions["end"] = async (held, outcome) => {
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
  return {
    get size() {
      return sessions.size;
    },
    countOf: (did) => [...sessions.values()].filter(({ session }) => session.did === did).length,
    find: (id) => sessions.get(id),
    hold(session) {
      const held: Held = { session, lines: new Set(), timer: undefined };
      sessions.set(session.id, held);
      waitForRun(held);
      return held;
    },
    follow(held, socket) {
      held.lines.add(socket);
      clearTimeout(held.timer);
      held.session.shared?.holdLine(true);
      const stop = held.session.follow((line) => { if (socket.writableLength < LINE_BYTES_MAX) socket.write(line); });
      // A load balancer passes on that the run has closed, and keeps the other half open for as long as it likes.
      socket.once("end", () => { socket.destroy(); });
      socket.resume();
      socket.once("close", () => {
        stop();
        held.lines.delete(socket);
        if (held.lines.size > 0 || sessions.get(held.session.id) !== held) return;
        held.session.shared?.holdLine(false);
        waitForRun(held);
      });
    },
    end,
    all: () => [...sessions.values()],
  };
}
