// Connections of a Node in a run: those to bound hosts are led through the run's proxy, whoever makes them; all others stay as they are.
// Every TCP connection of Node's begins in `Socket.prototype.connect`: those of net, tls, http, https, http2 and fetch, in modules of either kind. So one method is enough.
import { Socket } from "node:net";
import { adoptConnection, canAdopt } from "./node-adoption.ts";
import { connectTunnel, formatTarget } from "./node-connect.ts";
import type { NodeRoutes } from "./node-routes.ts";
import { findProxyAddress, isExempt, isLoopback } from "./proxy-variables.ts";

type Method = (...args: readonly unknown[]) => unknown;

/** The arguments of `connect`, put in order. */
interface Call {
  readonly options: Readonly<Record<string, unknown>>;
  readonly host: string;
  readonly port: number;
  readonly onConnect: Method | undefined;
}

type FindHost = (socket: Socket, call: Call) => string | undefined;

/**
 * From here on, connections to bound hosts lead through the proxy.
 *
 * @returns what undoes it. Nodes before 18.18 lack what it needs, and stay as they are.
 */
export function tunnelBoundHosts(routes: NodeRoutes): () => void {
  const direct: unknown = Reflect.get(Socket.prototype, "connect");
  const proxy = findProxyAddress(routes.proxyUrl);
  if (proxy === undefined || !isMethod(direct) || !canAdopt()) return () => undefined;
  const findHost = openHostSearch(routes);
  const connect = function (this: Socket, ...args: readonly unknown[]): unknown {
    const call = findCall(args);
    const host = call === undefined ? undefined : findHost(this, call);
    if (call === undefined || host === undefined) return Reflect.apply(direct, this, args);
    connectThrough(this, call, host);
    return this;
  };
  const connectThrough = (socket: Socket, call: Call, host: string): void => {
    if (call.onConnect !== undefined) socket.once("connect", call.onConnect);
    if (speaksNoHttp1(call.options)) {
      // Later, as an error of Node's own: `tls.connect` is not done with the socket yet.
      process.nextTick(() => socket.destroy(new Error(`${host} is bound to a secret of this vault run, whose proxy speaks HTTP/1.1 and no HTTP/2`)));
      return;
    }
    trustRun(socket, call.options, routes);
    // What is written or read meanwhile waits for "connect", as it does while Node itself connects. TLS checks names by `_host` where it has no better.
    Object.assign(socket, { connecting: true, _host: host });
    const way = new Socket();
    way.setNoDelay(true);
    Reflect.apply(direct, way, [{ host: proxy.host, port: proxy.port }]);
    const abandon = (): void => {
      way.destroy();
    };
    socket.once("close", abandon);
    connectTunnel(way, formatTarget(host, call.port), proxy.authorization ?? "", (error) => {
      socket.off("close", abandon);
      if (error === undefined) adoptConnection(socket, way);
      else socket.destroy(error);
    });
  };
  Object.assign(Socket.prototype, { connect });
  return () => Object.assign(Socket.prototype, { connect: direct });
}

/**
 * Says for each connection which host the proxy is to be asked for, if it is to be asked at all.
 * Where other hosts are denied, HTTP and TLS from its first byte on are to meet the proxy: what agents of Node's own and undici connect for, by what stands in their options. A database's connection is none.
 */
function openHostSearch({ bound, denyUnmatched }: NodeRoutes): FindHost {
  const names = new Set(bound);
  const hasWildcard = bound.some((text) => text.startsWith("*."));
  const isBound = (host: string, port: number): boolean => {
    const name = /[A-Z]|\.$/.test(host) ? host.toLowerCase().replace(/\.$/, "") : host;
    return names.has(formatTarget(name, port)) || (hasWildcard && names.has(formatTarget(`*${name.slice(name.indexOf("."))}`, port)));
  };
  return (socket, { options, host, port }) => {
    const isSecure = Reflect.get(socket, "encrypted") === true;
    const isHttp = "_agentKey" in options || "protocol" in options;
    // No secret goes to a bound host by http://, and its proxy expects TLS there.
    if (isSecure || !isHttp) {
      if (isBound(host, port)) return host;
      // The program has resolved the name by itself, and gives it for TLS alone.
      if (typeof options["servername"] === "string" && isBound(options["servername"], port)) return options["servername"];
    }
    return denyUnmatched && (isSecure || isHttp) && !isLeftAlone(host, port) ? host : undefined;
  };
}

/** As `connect` reads them: an object, a port with or without a host, or what `net.connect` has made of either. Undefined for the path of a socket file, and for what Node will call a mistake. */
function findCall(args: readonly unknown[]): Call | undefined {
  const words: readonly unknown[] = Array.isArray(args[0]) ? args[0] : args;
  const [first, second] = words;
  const options = isRecord(first) ? first : { port: first, host: typeof second === "string" ? second : undefined };
  const { port, host, path } = options;
  const isPort = typeof port === "number" || (typeof port === "string" && /^[0-9]+$/.test(port));
  if (!isPort || (typeof path === "string" && path !== "")) return undefined;
  return { options, host: typeof host === "string" && host !== "" ? host : "localhost", port: Number(port), onConnect: words.find(isMethod) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isMethod(value: unknown): value is Method {
  return typeof value === "function";
}

/** What no proxy is asked for: this machine, and what the user's NO_PROXY names. */
function isLeftAlone(host: string, port: number): boolean {
  return isLoopback(host) || isExempt(process.env["no_proxy"] ?? process.env["NO_PROXY"] ?? "", host, port);
}

/** As `http2.connect` asks for it. Who offers both gets HTTP/1.1. */
function speaksNoHttp1({ ALPNProtocols: protocols }: Call["options"]): boolean {
  return Array.isArray(protocols) && protocols.length > 0 && !protocols.includes("http/1.1");
}

/** A program that brings roots of its own, or was started without NODE_EXTRA_CA_CERTS, has to trust the run's as well. That one vouches for bound hosts only. */
function trustRun(socket: Socket, options: Call["options"], { caFile, caCertificate }: NodeRoutes): void {
  if (options["ca"] == null && options["secureContext"] == null && process.env["NODE_EXTRA_CA_CERTS"] === caFile) return;
  const context: unknown = ["_tlsOptions", "secureContext", "context"].reduce<unknown>((owner, name) => (isRecord(owner) ? owner[name] : undefined), socket);
  const addCACert = isRecord(context) ? context["addCACert"] : undefined;
  if (isMethod(addCACert)) Reflect.apply(addCACert, context, [caCertificate]);
}
