// Who comes to the port of a run whose proxy is elsewhere. Every user of this machine can, and a connection to the broker is dear: whoever shows the run's token has one for the asking. The others share a few, for a short time, and who says nothing has none.
// Whether a request may be made is the proxy's to judge, at the broker. This is who has to wait for whom.
import type { Socket } from "node:net";
import type { ProxyAccess } from "../../proxy/port/proxy-access.ts";
import { makeProxyAccess } from "../../proxy/port/proxy-access.ts";
import { openStrangerPool } from "../../proxy/port/stranger-pool.ts";

export interface RelayStrangers {
  /** Takes in a connection from which nothing has been read. */
  receive(socket: Socket): void;
}

/** Leads a connection to the broker, with what was read of it put back, and resolves when it is there or will not be. `hear` is given all that is said on it. */
type Pass = (socket: Socket, hear?: (piece: Uint8Array) => void) => Promise<void>;

/** Of strangers, at the broker at one time. Clients that ask without the token first, and with it when they are told to, are among them until then. */
const STRANGERS_THERE_MAX = 32;
/** As long as the proxy bears with one who has not shown the token: whoever is there after that has. */
const STRANGER_MS = 3_000;
const AUTHORIZATION = /^proxy-authorization:[ \t]*(.*)$/gim;
/** Longer than the line that is looked for. */
const TAIL_CHARACTERS = 512;

/** @param token the run's, in hex. */
export function openRelayStrangers(token: string, pass: Pass): RelayStrangers {
  const access = makeProxyAccess(token);
  const pool = openStrangerPool(() => performance.now());
  /** With what ends each, if it waits for too long. */
  const waiting = new Map<Socket, NodeJS.Timeout>();
  let there = 0;

  const passAsStranger = (socket: Socket): void => {
    there += 1;
    const known = openKnown(access, socket);
    void known.when.then(() => { pool.release(socket); });
    void Promise.all([known.when, pass(socket, known.hear)]).then(() => {
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
      // In its first bytes nearly every client has its whole head. Whoever has not is a stranger until the rest has come.
      socket.once("end", end).once("data", (first: Buffer) => {
        socket.off("end", end).pause().unshift(first);
        if (openTokenLook(access)(first)) {
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

/** `when`: whose connection it is, is known, or it is over. */
function openKnown(access: ProxyAccess, socket: Socket): { readonly when: Promise<void>; readonly hear: (piece: Uint8Array) => void } {
  let look: ((piece: Uint8Array) => boolean) | undefined = openTokenLook(access);
  let end = (): void => undefined;
  const when = new Promise<void>((resolve) => {
    end = () => {
      clearTimeout(timer);
      look = undefined;
      resolve();
    };
    const timer = setTimeout(end, STRANGER_MS);
    socket.once("close", end);
  });
  return { when, hear: (piece) => { if (look?.(piece) === true) end(); } };
}

/** @returns says of each piece whether the token was shown by now. */
function openTokenLook(access: ProxyAccess): (piece: Uint8Array) => boolean {
  let tail = "";
  return (piece) => {
    const text = tail + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
    tail = text.slice(-TAIL_CHARACTERS);
    return [...text.matchAll(AUTHORIZATION)].some(([, shown]) => access.admits(shown));
  };
}
