// Connections that ask, and of which no session has taken any: anybody on the network can open them, so there are few at a time, and the oldest makes room. Those of sessions are not among them.
import type { Socket } from "node:net";

export interface AskingPool {
  /** Takes one in as it comes. */
  add(socket: Socket): void;
  /** Lets go of one that a session has taken over. @param socket the same connection, with or without TLS. */
  release(socket: Socket): void;
}

/** Each may send as much as an order is large, before it is known who sends it. */
export const ASKING_MAX = 512;

export function openAskingPool(max = ASKING_MAX): AskingPool {
  /** In the order in which they came, by where they come from: what is TLS to one side of Node is TCP to the other. */
  const asking = new Map<string, Socket>();
  return {
    add(socket) {
      const name = nameOf(socket);
      asking.set(name, socket);
      socket.once("close", () => { if (asking.get(name) === socket) asking.delete(name); });
      const [oldest] = asking.size > max ? asking : [];
      if (oldest === undefined) return;
      asking.delete(oldest[0]);
      oldest[1].destroy();
    },
    release(socket) {
      asking.delete(nameOf(socket));
    },
  };
}

function nameOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
