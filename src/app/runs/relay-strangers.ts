// Who comes to the port of a run whose proxy is elsewhere. Every user of this machine can, and a connection to the broker is dear: whoever shows the run's token has one for the asking. The others share a few, for a short time, and who says nothing has none.
// Whether a request may be made is the proxy's to judge, at the broker. This is who has to wait for whom.
import type { Socket } from "node:net";
import { makeProxyAccess } from "../../proxy/proxy-access.ts";
import { openStrangerPool } from "../../proxy/stranger-pool.ts";

export interface RelayStrangers {
  /** Takes in a connection from which nothing has been read. */
  receive(socket: Socket): void;
}

/** Of strangers, at the broker at one time. Clients that ask without the token first, and with it when they are told to, are among them. */
const STRANGERS_THERE_MAX = 32;
/** As long as the proxy bears with one who has not shown the token: whoever is there after that has. */
const STRANGER_MS = 3_000;
const AUTHORIZATION = /^proxy-authorization:[ \t]*(.*)$/im;

/** @param token the run's, in hex. @param pass leads a connection to the broker, with what was read of it put back, and resolves when it is there or will not be. */
export function openRelayStrangers(token: string, pass: (socket: Socket) => Promise<void>): RelayStrangers {
  const access = makeProxyAccess(token);
  const pool = openStrangerPool(() => performance.now());
  /** With what ends each, if it waits for too long. */
  const waiting = new Map<Socket, NodeJS.Timeout>();
  let there = 0;

  const passAsStranger = (socket: Socket): void => {
    there += 1;
    const over = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STRANGER_MS);
      socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    void Promise.all([over, pass(socket)]).then(() => {
      pool.release(socket);
      there -= 1;
      passWaiting();
    });
  };
  const passWaiting = (): void => {
    for (const [socket, patience] of waiting) {
      if (there >= STRANGERS_THERE_MAX) return;
      clearTimeout(patience);
      waiting.delete(socket);
      passAsStranger(socket);
    }
  };
  return {
    receive(socket) {
      pool.add(socket);
      const end = (): void => { socket.destroy(); };
      const patience = setTimeout(end, STRANGER_MS);
      socket.once("close", () => {
        clearTimeout(patience);
        waiting.delete(socket);
      });
      // In its first bytes nearly every client has its whole head. What comes in more is a stranger's, and has its turn.
      socket.once("end", end).once("data", (first: Buffer) => {
        socket.off("end", end).pause().unshift(first);
        const [, shown] = AUTHORIZATION.exec(first.toString("latin1")) ?? [];
        if (access.admits(shown)) {
          clearTimeout(patience);
          pool.release(socket);
          void pass(socket);
          return;
        }
        waiting.set(socket, patience);
        passWaiting();
      });
      socket.resume();
    },
  };
}
