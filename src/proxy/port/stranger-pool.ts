// Connections on which nobody has shown the run's token. The port is open to every user of the machine, and none of them may take up the room that the run's own program needs: of strangers there are few at a time, and for a short time.
import type { Duplex } from "node:stream";

export interface StrangerPool {
  /** Takes one in. Where there are too many, the oldest is ended. */
  readonly add: (socket: Duplex) => void;
  /** Lets go of one on which the token was shown. */
  readonly release: (socket: Duplex) => void;
}

/** Those who have been here for a while. */
const WAITING_MAX = 32;
/** Those who have just come do not count among them: a program that opens hundreds of connections at once shows its token on all of them, but not in the same instant. */
const WAITING_AFTER_MS = 1_000;
/** Both together. */
export const STRANGERS_MAX = 512;

/** @param now milliseconds, of a clock that nobody sets. */
export function openStrangerPool(now: () => number): StrangerPool {
  /** In the order in which they came. */
  const strangers = new Map<Duplex, number>();
  const isFull = (): boolean => {
    const [oldest] = strangers.values();
    return strangers.size > STRANGERS_MAX || (strangers.size > WAITING_MAX && oldest !== undefined && now() - oldest > WAITING_AFTER_MS);
  };
  return {
    add(socket) {
      strangers.set(socket, now());
      socket.once("close", () => strangers.delete(socket));
      for (const [oldest] of isFull() ? strangers : []) {
        strangers.delete(oldest);
        oldest.destroy();
        if (!isFull()) break;
      }
    },
    release(socket) {
      strangers.delete(socket);
    },
  };
}
