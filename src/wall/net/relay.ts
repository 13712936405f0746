// Single ports that lead through the wall: one of the host's inwards, one of the sandbox's outwards. What is spoken there nobody looks at.
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { systemErrorCode, VaultError } from "../../errors.ts";
import { takeOverListener } from "./listener.ts";

export interface Relay {
  /** Ends the listener and all connections. */
  readonly close: () => void;
}

const HOST_LOOPBACK = ["127.0.0.1", "::1"] as const;
const CONNECTIONS_MAX = 512;

/**
 * `--publish`: the host's 127.0.0.1:PORT leads to the sandbox's.
 *
 * @param dial connects to that port in the sandbox. @throws VaultError `io` where the host's port is taken.
 */
export async function publishPort(port: number, dial: () => Promise<Socket>): Promise<Relay> {
  const joined = openJoined(dial);
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, joined.accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(new VaultError("io", `port ${port} of this machine cannot be listened on (${systemErrorCode(error) ?? "unknown"})`, "end what listens there, or publish another port: --publish PORT"));
    });
    server.listen(port, HOST_LOOPBACK[0], resolve);
  });
  return joined.over(server);
}

/** `--host-port`: the sandbox's listener leads to the host's own loopback. @param received as it was handed over. */
export async function openHostPort(port: number, received: Server): Promise<Relay> {
  const joined = openJoined(() => dialHost(port));
  return joined.over(await takeOverListener(received, joined.accept));
}

/** Some servers listen on the newer kind of address alone. */
async function dialHost(port: number): Promise<Socket> {
  const [first, second] = HOST_LOOPBACK;
  return dialAt(port, first).catch(() => dialAt(port, second));
}

function dialAt(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => { resolve(socket); });
  });
}

function openJoined(dial: () => Promise<Socket>): { readonly accept: (socket: Socket) => void; readonly over: (server: Server) => Relay } {
  const sockets = new Set<Socket>();
  let isClosed = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
    if (isClosed) socket.destroy();
  };
  return {
    accept(socket) {
      keep(socket);
      dial().then((far) => {
        keep(far);
        join(socket, far);
      }).catch(() => socket.destroy());
    },
    over(server) {
      server.maxConnections = CONNECTIONS_MAX;
      return {
        close() {
          isClosed = true;
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      };
    },
  };
}

/** A half that ends is passed on, a failure of either ends both. */
function join(near: Socket, far: Socket): void {
  for (const [from, to] of [[near, far], [far, near]] as const) {
    from.once("close", () => {
      if (!from.readableEnded || to.writableFinished) to.destroy();
      else to.once("finish", () => to.destroy());
    });
    from.pipe(to);
  }
}
