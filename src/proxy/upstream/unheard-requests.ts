// undici tells Node's diagnostics channels the path and query of each request, where a value may stand: NODE_DEBUG=undici prints them, and
// whatever was loaded ahead of us may listen. So its channels are made deaf, before it is used. Taking NODE_DEBUG out of the environment would
// change nothing: Node has read it before any code of ours runs, and its own copy of undici prints what ours says.
import { channel } from "node:diagnostics_channel";

/** Every channel that carries a request or its failure (undici/lib/core/diagnostics.js). */
const CHANNELS = [
  ...["beforeConnect", "connected", "connectError", "sendHeaders"].map((name) => `undici:client:${name}`),
  ...["create", "bodySent", "bodyChunkSent", "bodyChunkReceived", "headers", "trailers", "error"].map((name) => `undici:request:${name}`),
];

/** Held, since Node forgets channels that nobody holds. */
const deaf = CHANNELS.map((name) => channel(name));

/** From now on nobody in this process hears of a request of undici's, whoever subscribed or will. */
export function silenceRequests(): void {
  for (const one of deaf) {
    Object.defineProperty(one, "hasSubscribers", { value: false, configurable: true });
    Object.defineProperty(one, "publish", { value: () => undefined, configurable: true });
  }
}
