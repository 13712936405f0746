// The run's proxy: a port on loopback, or connections that are handed in. What answers there is loaded when the first connection comes, for the child is not to wait for it.
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { VaultError } from "../errors.ts";
import type { Arrival } from "./arrival.ts";
import { hostsLookedInto } from "./grants/hosts-looked-into.ts";
import { makeProxyAccess, PROXY_USER } from "./port/proxy-access.ts";
import type { KeptProxy, ProxyOptions } from "./proxy-options.ts";
import type { Reception } from "./reception.ts";
import { openStrangerPool, STRANGERS_MAX } from "./port/stranger-pool.ts";
import { makeRunCa } from "./tls/run-ca.ts";

export interface Proxy {
  readonly port: number;
  /** `http://vault:<token>@127.0.0.1:<port>`: as good as the run's secrets, for this run's child only. */
  readonly url: string;
  /** PEM. */
  readonly caCertificate: string;
  /** Ends the listener and every connection; the token is worth nothing afterwards. */
  close(): Promise<void>;
}

/** Without a port of its own. */
export interface HandedProxy extends Pick<Proxy, "caCertificate" | "close"> {
  /** What a connection has to show that comes from a listener open to others. In hex. */
  readonly token: string;
  /** What another proxy needs that is to be this one to the program. The caller wipes the key. */
  keep(): KeptProxy;
  /** Takes over a connection of the run's own program, from which nothing has been read. */
  admit(socket: Socket, arrival: Arrival): void;
}

const LOOPBACK = "127.0.0.1";
/** Of the run's program. Strangers have places of their own. */
const CONNECTIONS_MAX = 1_000;

/**
 * `listens: false`: connections come by `admit` alone, and no port of this machine leads to the proxy.
 *
 * @throws VaultError `io` when no port can be had.
 */
export function openProxy(options: ProxyOptions & { readonly listens: false }): Promise<HandedProxy>;
export function openProxy(options: ProxyOptions): Promise<Proxy>;
export async function openProxy({ listens = true, ...options }: ProxyOptions & { readonly listens?: boolean }): Promise<Proxy & HandedProxy> {
  const ca = makeRunCa(options.grants.flatMap(hostsLookedInto), undefined, options.kept?.ca);
  const access = makeProxyAccess(options.kept?.token);
  let port = 0;
  let isClosed = false;
  const sockets = new Set<Duplex>();
  const keep = (socket: Duplex): void => {
    sockets.add(socket);
    socket.on("error", ignore);
    socket.once("close", () => sockets.delete(socket));
    if (isClosed) socket.destroy();
  };
  const strangers = openStrangerPool(() => performance.now());
  let reception: Promise<Reception> | undefined;
  const openReception = async (): Promise<Reception> => {
    const { makeReception } = await import("./reception.ts");
    return makeReception({ ...options, ca, access, ownPort: () => port, keep, onToken: strangers.release });
  };
  const receive = (socket: Socket, arrival: Arrival): void => {
    keep(socket);
    reception ??= openReception();
    reception.then(({ accept }) => { accept(socket, arrival); }).catch(() => socket.destroy());
  };

  // As Node's own HTTP server has its sockets; and nothing is read before somebody listens.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket: Socket) => {
    strangers.add(socket);
    receive(socket, { kind: "listener" });
  });
  server.maxConnections = CONNECTIONS_MAX + STRANGERS_MAX;
  if (listens) port = await listen(server);

  let admitted = 0;
  return {
    port,
    url: `http://${PROXY_USER}:${access.token}@${LOOPBACK}:${port}`,
    token: access.token,
    keep: () => ({ token: access.token, ca: { certificate: ca.certificate, key: ca.copyKey() } }),
    caCertificate: ca.certificate,
    admit(socket, arrival) {
      if (admitted >= CONNECTIONS_MAX) {
        socket.destroy();
        return;
      }
      admitted += 1;
      socket.once("close", () => (admitted -= 1));
      socket.allowHalfOpen = true;
      socket.setNoDelay(true);
      receive(socket, arrival);
    },
    async close() {
      isClosed = true;
      // What a program that has ended said last (that it does not trust a certificate, say) has arrived, and was not read yet. A turn to read it, and one for what follows.
      if (sockets.size > 0) for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const closed = new Promise<void>((resolve) => server.close(() => { resolve(); }));
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed, reception?.then(({ close }) => close(), ignore)]);
    },
  };
}

/** @returns the port, of the system's choosing. */
function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", () => {
      reject(new VaultError("io", `the proxy cannot listen on ${LOOPBACK}`));
    });
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new VaultError("io", "the proxy has no port"));
    });
  });
}

function ignore(): void {
  // A broken socket is cleaned up by its close.
}
