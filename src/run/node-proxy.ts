// A Node that ignores proxy variables learns to heed them, as later ones do by themselves. It must break nothing: it leaves alone whatever of the program's own makes connections,
// and loads undici's agent only when something is fetched.
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { connect } from "node:net";
import type { AgentOptions, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import type { ProxiedScheme, ProxyAddress } from "./proxy-variables.ts";
import { chooseProxy } from "./proxy-variables.ts";

type OnSocket = (error: Error | null, socket?: Duplex) => void;

/** Under which undici, Node's own and the package, keeps the dispatcher that `fetch` uses. The second is read by undici 8. */
const DISPATCHERS = ["undici.globalDispatcher.1", "undici.globalDispatcher.2"] as const;
const DEFAULT_PORT: Readonly<Record<ProxiedScheme, number>> = { http: 80, https: 443 };
const REASON_MAX = 300;

serveFetch();
tunnelFrom(http.globalAgent, "http");
tunnelFrom(https.globalAgent, "https");
rewritePlain(http.globalAgent);

/** A dispatcher in name only: the first thing that is asked of it loads the real one, which takes 30 ms. */
function serveFetch(): void {
  let agent: object | undefined;
  const load = (): object => (agent ??= openFetchAgent());
  const dispatcher = new Proxy(
    {},
    {
      get(_target, name) {
        const value: unknown = Reflect.get(load(), name);
        return typeof value === "function" ? (...args: readonly unknown[]): unknown => Reflect.apply(value, load(), args) as unknown : value;
      },
    },
  );
  for (const name of DISPATCHERS) {
    const key = Symbol.for(name);
    if (Reflect.get(globalThis, key) === undefined) Object.defineProperty(globalThis, key, { value: dispatcher, writable: true, enumerable: false, configurable: true });
  }
}

/** undici's agent for proxy variables lies beside this file. Plain HTTP goes to the proxy as such: through a tunnel it could not be told why something was refused. */
function openFetchAgent(): object {
  const EnvHttpProxyAgent: unknown = createRequire(__filename)("./fetch-agent.cjs");
  if (typeof EnvHttpProxyAgent !== "function") throw new Error("the agent for proxy variables cannot be loaded");
  const agent: unknown = Reflect.construct(EnvHttpProxyAgent, [{ proxyTunnel: false }]);
  if (typeof agent !== "object" || agent === null) throw new Error("the agent for proxy variables cannot be made");
  return agent;
}

/** Gives one agent connections through the proxy. Agents that a program makes itself are left alone, as they are by the Nodes that heed the variables. */
function tunnelFrom(agent: http.Agent, scheme: ProxiedScheme): void {
  const original = methodOf(agent, "createConnection");
  const createConnection = (options: RequestOptions & AgentOptions, onSocket: OnSocket): unknown => {
    const target = targetOf(options, scheme);
    const proxy = target === undefined ? undefined : findProxy(scheme, target.host, target.port);
    if (target === undefined || proxy === undefined) return original(options, onSocket);
    openTunnel(proxy, target, (error, socket) => {
      const ready = error !== null || scheme === "http" ? socket : original({ ...options, socket });
      if (isDuplex(ready)) onSocket(null, ready);
      else onSocket(error);
    });
    return undefined;
  };
  Object.assign(agent, { createConnection });
}

/** A plain request goes to the proxy with its whole URL (RFC 9112 section 3.2.2), unless its head is fixed already: then it takes a tunnel. */
function rewritePlain(agent: http.Agent): void {
  const original = methodOf(agent, "addRequest");
  const addRequest = (request: ClientRequest, options: RequestOptions, ...rest: readonly unknown[]): void => {
    const target = typeof Reflect.get(request, "_header") === "string" || request.method === "CONNECT" ? undefined : targetOf(options, "http");
    const proxy = target === undefined ? undefined : findProxy("http", target.host, target.port);
    if (target === undefined || proxy === undefined) {
      original(request, options, ...rest);
      return;
    }
    request.path = `http://${formatTarget(target)}${request.path}`;
    if (proxy.authorization !== undefined) request.setHeader("Proxy-Authorization", proxy.authorization);
    original(request, { ...options, host: proxy.host, hostname: proxy.host, port: proxy.port }, ...rest);
  };
  Object.assign(agent, { addRequest });
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Undefined for a socket file. */
function targetOf(options: RequestOptions, scheme: ProxiedScheme): Target | undefined {
  if (options.socketPath != null) return undefined;
  return { host: (options.host ?? options.hostname ?? "localhost").replace(/^\[(.*)\]$/, "$1"), port: Number(options.port ?? DEFAULT_PORT[scheme]) };
}

/** Undefined where the way leads straight to the target, which may be the proxy itself: some libraries read the variables on their own. */
function findProxy(scheme: ProxiedScheme, host: string, port: number): ProxyAddress | undefined {
  const choice = chooseProxy(process.env, scheme, host, port);
  if (choice.kind !== "proxy" || choice.proxy.isTls) return undefined;
  return choice.proxy.host === host && choice.proxy.port === port ? undefined : choice.proxy;
}

function openTunnel(proxy: ProxyAddress, target: Target, onSocket: OnSocket): void {
  const where = formatTarget(target);
  const headers = { host: where, ...(proxy.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization }) };
  const request = http.request({ createConnection: () => connect(proxy.port, proxy.host), method: "CONNECT", path: where, headers });
  request.once("connect", (answer: IncomingMessage, socket, head: Buffer) => {
    if (answer.statusCode === 200) {
      if (head.length > 0) socket.unshift(head);
      onSocket(null, socket);
      return;
    }
    socket.destroy();
    const reason = head.toString("latin1").slice(0, REASON_MAX).trim();
    onSocket(Object.assign(new Error(`the proxy refused the connection to ${where} (${String(answer.statusCode)})${reason === "" ? "" : `: ${reason}`}`), { code: "ERR_PROXY_TUNNEL" }));
  });
  request.once("error", (error) => {
    onSocket(error);
  });
  request.end();
}

function formatTarget({ host, port }: Target): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** A method that Node's types may not show, bound. */
function methodOf(owner: object, name: string): (...args: readonly unknown[]) => unknown {
  const method: unknown = Reflect.get(owner, name);
  if (typeof method !== "function") throw new Error(`this Node has no ${name}`);
  return (...args): unknown => Reflect.apply(method, owner, args);
}

function isDuplex(value: unknown): value is Duplex {
  return typeof value === "object" && value !== null && "pipe" in value && "write" in value;
}
