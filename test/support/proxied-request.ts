// Requests of Node's own HTTP client through a run's proxy, each on a connection of its own or on one that is kept.
import { once } from "node:events";
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestOptions } from "node:http";
import { request } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Proxy } from "../../src/proxy/server.ts";
import { openSecure } from "./proxy-child.ts";

export interface ProxiedRequest {
  /** To be written and ended. */
  readonly outgoing: ClientRequest;
  /** Rejects where the connection breaks first. */
  readonly answer: Promise<IncomingMessage>;
  readonly socket: TLSSocket;
}

/** Begins a request on a new connection to a bound host. */
export async function openProxied(proxy: Proxy, host: string, options: Pick<RequestOptions, "method" | "path"> & { readonly headers?: OutgoingHttpHeaders }): Promise<ProxiedRequest> {
  const socket = await openSecure(proxy, host);
  const outgoing = request({ createConnection: () => socket, ...options, headers: { host, ...options.headers } });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve).on("error", reject);
  });
  // Whoever awaits it hears of the failure; who is still writing is not to be ended by it.
  answer.catch(() => undefined);
  return { outgoing, answer, socket };
}

export async function readText(answer: IncomingMessage): Promise<string> {
  let text = "";
  answer.setEncoding("latin1").on("data", (part: string) => (text += part));
  await once(answer, "end");
  return text;
}
