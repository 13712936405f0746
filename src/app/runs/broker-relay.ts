// This machine's end of a session at a broker: what the program connects to goes on to the proxy there, byte for byte. What is in it neither end of this has to know.
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Arrival } from "../../broker/front.ts";
import type { BrokerClient } from "../../broker/client.ts";
import type { SessionAnswer } from "../../broker/order.ts";
import { VaultError } from "../../errors.ts";
import { STRANGERS_MAX } from "../../proxy/port/stranger-pool.ts";
import { joinSockets } from "../../proxy/upstream/tunnel.ts";
import { openRelayStrangers } from "./relay-strangers.ts";

export interface BrokerRelay {
  /** PEM. */
  readonly caCertificate: string;
  /** Takes over a connection of the program's, from which nothing has been read. */
  admit(socket: Socket, arrival: Arrival): void;
  /** A port of this machine for the program, which shows the session's token there. @throws VaultError `io`. */
  listen(): Promise<{ readonly url: string }>;
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
/** Of the run's program. Strangers have places of their own. */
const CONNECTIONS_MAX = 1_000;
/** Before it is tried again: a load balancer needs a moment. */
const PAUSES_MS = [200, 600, 1_200];
/** As the proxy calls whoever has the token. */
const PROXY_USER = "vault";

/** @param onLost hears that the broker has taken a connection of this session not at all: for a moment, or for good (`not-accepted`). */
export function openBrokerRelay(client: Pick<BrokerClient, "connect">, { session, token, caCertificate }: SessionAnswer, onLost: (why: VaultError) => void): BrokerRelay {
  const sockets = new Set<Socket>();
  let isClosed = false;
  let admitted = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.allowHalfOpen = true;
    socket.on("error", ignore);
    socket.once("close", () => sockets.delete(socket));
  };
  const passOn = (socket: Socket, arrival: Arrival, hear?: (piece: Uint8Array) => void): Promise<void> => {
    if (isClosed || admitted >= CONNECTIONS_MAX) {
      socket.destroy();
      return Promise.resolve();
    }
    admitted += 1;
    socket.once("close", () => (admitted -= 1));
    return dial(socket, arrival).then((onward) => {
      keep(onward);
      if (isClosed) onward.destroy();
      void joinSockets(socket, onward, hear);
    }, (error: unknown) => {
      socket.destroy();
      if (error instanceof VaultError && !isClosed) onLost(error);
    });
  };
  /** Nothing of the program's was read yet, so a broker that is gone may be followed by another one behind its name. */
  const dial = async (socket: Socket, arrival: Arrival): Promise<Socket> => {
    for (const pauseMs of PAUSES_MS) {
      try {
        return await client.connect(session, arrival);
      } catch (error) {
        if (!(error instanceof VaultError) || error.code !== "store-unavailable") throw error;
      }
      await sleep(pauseMs, undefined, { ref: false });
      if (isClosed || socket.destroyed) break;
    }
    return client.connect(session, arrival);
  };
  const strangers = openRelayStrangers(token, (socket, hear) => passOn(socket, { kind: "listener" }, hear));
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket: Socket) => {
    keep(socket);
    strangers.receive(socket);
  });
  server.maxConnections = CONNECTIONS_MAX + STRANGERS_MAX;
  return {
    caCertificate,
    admit(socket, arrival) {
      keep(socket);
      void passOn(socket, arrival);
    },
    async listen() {
      const port = await new Promise<number>((resolve, reject) => {
        server.once("error", () => { reject(new VaultError("io", `the run cannot listen on ${LOOPBACK}`)); });
        server.listen(0, LOOPBACK, () => {
          const address = server.address();
          resolve(typeof address === "object" && address !== null ? address.port : 0);
        });
      });
      return { url: `http://${PROXY_USER}:${token}@${LOOPBACK}:${port}` };
    },
    async close() {
      isClosed = true;
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function ignore(): void {
  // A broken socket is cleaned up by its close.
}
