// What becomes of a connection whose CONNECT is admitted: intercepted where a secret is bound to the host and the port, tunnelled blind to other hosts, and at other ports of a bound host what is spoken there decides.
import type { Duplex } from "node:stream";
import type { Authority } from "../../vault/host.ts";
import type { Grant } from "../grants/grant.ts";
import { isLookedInto, isServed, makeRoute } from "../judge/route.ts";
import type { WaysThrough } from "./ways-through.ts";

const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";

/** Answers the CONNECT. Rejects with the refusal that is to be the answer. */
export async function admitConnect(socket: Duplex, authority: Authority, grants: readonly Grant[], ways: WaysThrough): Promise<void> {
  const route = makeRoute({ scheme: "https", authority }, grants);
  if (!isLookedInto(route)) {
    await ways.tunnel(socket, authority, () => socket.write(ESTABLISHED));
    return;
  }
  socket.write(ESTABLISHED);
  if (isServed(route)) ways.serveSecure(socket, route);
  else ways.decide(socket, route);
}
