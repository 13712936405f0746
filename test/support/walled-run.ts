// A run behind a wall, as far as the network goes and without any namespace: names are asked of the wall's own name server, listeners stand at the addresses that it gives, and what comes there is handed to the proxy.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { Resolver } from "node:dns/promises";
import type { TLSSocket } from "node:tls";
import type { HandedArrival } from "../../src/proxy/arrival.ts";
import type { ProxyEvent } from "../../src/proxy/grants/event.ts";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { ProxyOptions } from "../../src/proxy/proxy-options.ts";
import type { HandedProxy } from "../../src/proxy/server.ts";
import { openProxy } from "../../src/proxy/server.ts";
import { findMeantAuthority } from "../../src/wall/net/meant-authority.ts";
import { serveNamesOverUdp } from "../../src/wall/net/name-server.ts";
import type { NameTable } from "../../src/wall/net/name-table.ts";
import { openNameTable } from "../../src/wall/net/name-table.ts";
import { untilSecure } from "./proxy-child.ts";
import { termsOf } from "./proxy-run.ts";
import { connect, connectTls, createBareServer } from "./raw-sockets.ts";
import { handToBroker, THROUGH_BROKER } from "./through-broker.ts";

export interface WalledRun {
  readonly proxy: Pick<HandedProxy, "admit" | "caCertificate" | "close">;
  readonly events: readonly ProxyEvent[];
  readonly table: NameTable;
  readonly resolver: Resolver;
  /** Every name that anybody outside was asked for. */
  readonly asked: readonly string[];
  /** Asks for the name and connects to what is answered, as any program does. @param port that the proxy believes was dialled: below 1024, and where servers stand, a test cannot listen. */
  readonly dial: (host: string, port: number) => Promise<Socket>;
  /** To the proxy itself. */
  readonly dialProxy: () => Promise<Socket>;
  readonly close: () => Promise<void>;
}

export async function openWalledRun(grants: readonly Grant[], options: Partial<ProxyOptions> = {}): Promise<WalledRun> {
  const events: ProxyEvent[] = [];
  const asked: string[] = [];
  const inner = await openProxy({
    ...termsOf(grants, events),
    resolve: (host) => {
      asked.push(host);
      return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
    },
    ...options,
    listens: false,
  });
  const proxy = THROUGH_BROKER ? await handToBroker(inner) : inner;
  const table = openNameTable(grants.flatMap(({ bindings }) => bindings.filter(({ wildcard }) => !wildcard).map(({ host }) => host)));
  const names = createSocket("udp4");
  names.bind(0, "127.0.0.1");
  await once(names, "listening");
  serveNamesOverUdp(names, table);
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${names.address().port}`]);
  const listeners = new Map<string, { readonly server: Server; readonly port: number }>();
  const sockets: Socket[] = [];
  const listenAt = async (address: string, key: string, arrivalOf: (socket: Socket) => HandedArrival | undefined): Promise<number> => {
    const known = listeners.get(key);
    if (known !== undefined) return known.port;
    const server = createBareServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
      const arrival = arrivalOf(socket);
      if (arrival === undefined) socket.destroy();
      else proxy.admit(socket, arrival);
    });
    server.listen(0, address);
    await once(server, "listening");
    const bound = server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    listeners.set(key, { server, port });
    return port;
  };
  const dialAt = async (port: number, address: string): Promise<Socket> => {
    const socket = connect(port, address);
    sockets.push(socket);
    socket.on("error", () => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  return {
    proxy,
    events,
    table,
    resolver,
    asked,
    async dial(host, port) {
      const [address = ""] = /^[\d.]+$/.test(host) ? [host] : await resolver.resolve4(host);
      const listening = await listenAt(address, `${address} ${port}`, ({ localAddress }) => {
        const authority = findMeantAuthority({ localAddress, localPort: port }, table, () => false);
        return authority === undefined ? undefined : { kind: "direct", authority };
      });
      return dialAt(listening, address);
    },
    async dialProxy() {
      return dialAt(await listenAt("127.0.0.1", "proxy", () => ({ kind: "proxy" })), "127.0.0.1");
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const { server } of listeners.values()) server.close();
      names.close();
      await proxy.close();
    },
  };
}

/** TLS over a connection that was dialled. Rejects where the greeting fails. @param servername none for an empty one. */
export async function greet(socket: Socket, servername: string, ca: string, protocols: string[] = ["http/1.1"]): Promise<TLSSocket> {
  return untilSecure(connectTls({ socket, ca, servername, ...(servername === "" ? { checkServerIdentity: () => undefined } : {}), ALPNProtocols: protocols }));
}
