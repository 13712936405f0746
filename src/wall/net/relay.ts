// Single ports that lead through the wall: one of the host's inwards, one of the sandbox's outwards. What is spoken there nobody looks at.
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { listenErrorCode, systemErrorCode, VaultError } from "../../errors.ts";

export interface Relay {
  /** Takes over a connection from which nothing has been read. */
  readonly accept: (socket: Socket) => void;
  /** Ends all connections. */
  readonly close: () => void;
}

/** Connects to where the relay leads; undefined where nobody listens there. */
export type RelayDial = () => Promise<Socket | undefined>;

const HOST_LOOPBACK = ["127.0.0.1", "::1"] as const;
const CONNECTIONS_MAX = 512;

export function openRelay(dial: RelayDial): Relay {
  const sockets = new Set<Socket>();
  let isClosed = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
    if (isClosed) socket.destroy();
  };
  const passOn = async (near: Socket): Promise<void> => {
    const far = await dial();
    if (far !== undefined) keep(far);
    if (far === undefined || near.destroyed) {
      near.destroy();
      far?.destroy();
    } else join(near, far);
  };
  return {
    accept(socket) {
      if (sockets.size >= 2 * CONNECTIONS_MAX) {
        socket.destroy();
        return;
      }
      keep(socket);
      passOn(socket).catch(() => socket.destroy());
    },
    close() {
      isClosed = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * `--publish`: 127.0.0.1:PORT of the host leads to where `dial` does.
 *
 * @throws VaultError `busy` where another program has the port, `usage` where this user cannot have it; `io`.
 */
export async function publishPort(port: number, dial: RelayDial): Promise<Pick<Relay, "close">> {
  const relay = openRelay(dial);
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, relay.accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(new VaultError(listenErrorCode(error), `port ${port} of this machine cannot be listened on (${systemErrorCode(error) ?? "unknown"})`, "end what listens there, or have the program listen on another port and publish that: --publish PORT"));
    });
    server.listen(port, HOST_LOOPBACK[0], resolve);
  });
  return {
    close() {
      server.close();
      relay.close();
    },
  };
}

/** `--host-port`: a port of the host's own loopback. Some servers listen on the newer kind of address alone. */
export async function dialHostPort(port: number): Promise<Socket | undefined> {
  const [first, second] = HOST_LOOPBACK;
  return (await dialAt(port, first)) ?? dialAt(port, second);
}

function dialAt(port: number, host: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
    socket.once("error", () => { resolve(undefined); });
    socket.once("connect", () => { resolve(socket); });
  });
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
