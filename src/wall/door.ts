// What stands in a walled program's network, whatever it dials: a name server, and listeners whose connections are handed to the run's proxy with the host that they were meant for.
import type { Socket as DatagramSocket } from "node:dgram";
import type { Server, Socket } from "node:net";
import type { Authority, HostBinding } from "../vault/host.ts";
import { VaultError } from "../errors.ts";
import { takeOverListener } from "./net/listener.ts";
import { findMeantAuthority } from "./net/meant-authority.ts";
import { serveNamesOverTcp, serveNamesOverUdp } from "./net/name-server.ts";
import { openNameTable } from "./net/name-table.ts";
import type { Relay } from "./net/relay.ts";
import { dialHostPort, openRelay, publishPort } from "./net/relay.ts";

/** Sockets of the program's network. */
export interface NetworkSockets {
  /** A listener on every address, as a message brought it. Port 0: one of the system's choosing. */
  listen(port: number): Promise<{ readonly server: Server; readonly port: number }>;
  /** On 127.0.0.1, for datagrams. */
  bind(port: number): Promise<DatagramSocket>;
  /** A connection to 127.0.0.1; undefined where nobody listens. */
  connect(port: number): Promise<Socket | undefined>;
}

/** Who a connection believes to speak with: the proxy, or this host. */
export type Meant = { readonly kind: "proxy" } | { readonly kind: "direct"; readonly authority: Authority };

export interface DoorOptions {
  /** Of the run's secrets: each of their ports has a listener. */
  readonly bindings: readonly HostBinding[];
  /** Ports of the host's loopback that stand on the program's. */
  readonly hostPorts: readonly number[];
  /** Where the proxy is to be spoken to. One of the system's choosing if left out; a relay has its own. */
  readonly proxyPort?: number;
  /** Ports of the program's loopback that stand on the host's. They need `sockets.connect` as long as the run lives. */
  readonly published: readonly number[];
  /** Takes over a connection from which nothing has been read. */
  readonly admit: (socket: Socket, meant: Meant) => void;
}

export interface RelayDoor extends Door {
  /** Rejects with VaultError `io` where a port cannot be had. */
  readonly opened: Promise<void>;
}

export interface Door {
  /** Where the proxy is spoken to as such, in the program's network. */
  readonly proxyPort: number;
  /** Ends the listeners and what is relayed; what was handed to the proxy is the proxy's to end. */
  close(): void;
}

/** Of the program's own network, where nobody has taken it. Known before there is one. */
const RELAY_PORT = 61_443;
const LOWEST_PORT = 1024;

/**
 * What stands in a network of which nobody is root: the proxy, for who speaks to it as such, and ports of the host's loopback.
 *
 * @param sockets may come later.
 * @throws VaultError `io` for what needs more: published ports, and ports below 1024.
 */
export function openRelayDoor(sockets: Pick<NetworkSockets, "listen">, { hostPorts, published, admit }: Pick<DoorOptions, "hostPorts" | "published" | "admit">): RelayDoor {
  const low = hostPorts.find((port) => port < LOWEST_PORT || port === RELAY_PORT);
  if (published.length > 0) throw new VaultError("io", `--publish ${published[0] ?? ""}: this machine refuses the powers that a way to the program's port needs`, "more of it: vault doctor --sandbox");
  if (low !== undefined) throw new VaultError("io", `--host-port ${low}: behind a wall without powers of its own, nobody can listen on this port`, "have the server listen on a port from 1024 to 61442");
  const opened: { close(): unknown }[] = [];
  const listen = async (port: number, onConnection: (socket: Socket) => void): Promise<void> => {
    const { server } = await sockets.listen(port);
    opened.push(await takeOverListener(server, onConnection));
  };
  const relays = hostPorts.map((port) => ({ port, relay: openRelay(() => dialHostPort(port)) }));
  opened.push(...relays.map(({ relay }) => relay));
  const all = Promise.all([listen(RELAY_PORT, (socket) => { admit(socket, { kind: "proxy" }); }), ...relays.map(({ port, relay }) => listen(port, relay.accept))]);
  return {
    proxyPort: RELAY_PORT,
    opened: all.then(() => undefined),
    close: () => { for (const each of opened) each.close(); },
  };
}

const NAMES_PORT = 53;
const WEB_PORTS = [80, 443];

/** @throws VaultError `io` where a port cannot be had. */
export async function openDoor(sockets: NetworkSockets, { bindings, hostPorts, published, proxyPort: wished = 0, admit }: DoorOptions): Promise<Door> {
  const table = openNameTable(bindings.filter(({ wildcard }) => !wildcard).map(({ host }) => host));
  const opened: { close(): unknown }[] = [];
  const relays = new Map<number, Relay>(hostPorts.map((port) => [port, openRelay(() => dialHostPort(port))]));
  opened.push(...relays.values());
  const isBound = ({ host, port }: Authority): boolean => bindings.some((binding) => binding.host === host && binding.port === port);
  const receive = (socket: Socket): void => {
    const authority = findMeantAuthority(socket, table, isBound);
    const relay = authority?.host === "localhost" && !isBound(authority) ? relays.get(authority.port) : undefined;
    if (authority === undefined) socket.destroy();
    else if (relay !== undefined) relay.accept(socket);
    else admit(socket, { kind: "direct", authority });
  };
  const listen = async (port: number, onConnection: (socket: Socket) => void): Promise<number> => {
    const given = await sockets.listen(port);
    opened.push(await takeOverListener(given.server, onConnection));
    return given.port;
  };
  const serveNames = async (): Promise<void> => {
    const overUdp = await sockets.bind(NAMES_PORT);
    opened.push(overUdp);
    serveNamesOverUdp(overUdp, table);
    const { server } = await sockets.listen(NAMES_PORT);
    opened.push(await serveNamesOverTcp(server, table));
  };
  const publish = async (port: number): Promise<void> => {
    opened.push(await publishPort(port, () => sockets.connect(port)));
  };
  const close = (): void => {
    for (const each of opened) each.close();
  };
  try {
    const ports = new Set([...WEB_PORTS, ...bindings.map(({ port }) => port), ...hostPorts]);
    ports.delete(NAMES_PORT);
    const due = [listen(wished, (socket) => { admit(socket, { kind: "proxy" }); }), serveNames(), ...[...ports].map((port) => listen(port, receive)), ...published.map(publish)] as const;
    // All of them: what comes after a failure would stay open.
    await Promise.allSettled(due);
    const [proxyPort] = await Promise.all(due);
    return { proxyPort, close };
  } catch (error) {
    close();
    throw error;
  }
}
