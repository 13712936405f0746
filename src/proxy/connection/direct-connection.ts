// A connection of a program that knows of no proxy and believes that it speaks with the host itself: a CONNECT that nobody asked for and nobody answers. What it says first
// decides, as HTTP and TLS both have the client speak first; a host of which no secret is known is the program's own business.
import type { Duplex } from "node:stream";
import type { Authority } from "../../vault/host.ts";
import { formatAuthority } from "../../vault/host.ts";
import type { Opening } from "./first-bytes.ts";
import { readOpening } from "./first-bytes.ts";
import type { Grant } from "../grants/grant.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal, RefusalError, refuseUnmatched } from "../grants/refusal.ts";
import { endGently } from "../http1/connection-end.ts";
import { writeRefusal } from "../http1/refusal-answer.ts";
import { isLookedInto, isServed, makeRoute } from "../judge/route.ts";
import type { WaysThrough } from "./ways-through.ts";

export interface DirectOptions {
  readonly grants: readonly Grant[];
  readonly ways: WaysThrough;
  /** Whether hosts that no secret is bound to are refused. */
  readonly isDenied: (authority: Authority) => boolean;
  /** How long the first bytes may take. */
  readonly headMs: number;
  /** Writes the entry, and returns the request's id. */
  readonly recordRefusal: (refusal: Refusal, authority: Authority, method: string | null) => string;
}

/** At these, whatever is spoken with an unbound host passes, and nothing waits for its first bytes. */
const WEB_PORTS: readonly number[] = [80, 443];
/** A fatal alert before any greeting is answered (RFC 8446 section 6.2): clients say "access denied", and "internal error" where the host could not be reached. */
const ALERT = { denied: Uint8Array.of(21, 3, 3, 0, 2, 2, 49), failed: Uint8Array.of(21, 3, 3, 0, 2, 2, 80) };

/** Takes over a connection from which nothing has been read. It never rejects. */
export async function serveDirect(socket: Duplex, authority: Authority, options: DirectOptions): Promise<void> {
  try {
    await open(socket, authority, options);
  } catch (error) {
    const refusal = error instanceof RefusalError ? error.refusal : makeRefusal("upstream-unreachable", `no connection to ${formatAuthority(authority)}`);
    const opening = await readOpening(socket, options.headMs);
    tell(socket, opening, refusal, options.recordRefusal(refusal, authority, null));
  }
}

async function open(socket: Duplex, authority: Authority, { grants, ways, isDenied, headMs }: DirectOptions): Promise<void> {
  if (isDenied(authority)) throw new RefusalError(refuseUnmatched(authority));
  const route = makeRoute({ scheme: "https", authority }, grants);
  const isNamed = isLookedInto(route);
  const tunnel = (): Promise<void> => ways.tunnel(socket, authority, () => undefined);
  if (!isNamed && WEB_PORTS.includes(authority.port)) return tunnel();
  const opening = await readOpening(socket, headMs);
  switch (opening) {
    case "nothing":
      socket.destroy();
      return;
    case "other":
      throw new RefusalError(refuseProtocol(authority));
    case "http":
      if (!isNamed) return tunnel();
      ways.servePlain(socket, authority);
      return;
    case "tls":
    case "closed-tls":
      // Where the secret is bound no TLS passes unseen, whatever it offers.
      if (isServed(route)) ways.serveSecure(socket, route);
      else if (isNamed && opening === "tls") ways.lookInto(socket, route);
      else return tunnel();
  }
}

function refuseProtocol(authority: Authority): Refusal {
  return makeRefusal("protocol", `no connection to ${formatAuthority(authority)}; what was spoken on it is neither HTTP nor TLS, and nothing else passes there without the proxy's own port`);
}

/** In the protocol that the program speaks, as far as there is one. */
function tell(socket: Duplex, opening: Opening | "nothing", refusal: Refusal, request: string): void {
  if (opening === "http") writeRefusal(socket, refusal, request);
  else if (opening === "tls" || opening === "closed-tls") endGently(socket, refusal.status === 502 ? ALERT.failed : ALERT.denied);
  else socket.destroy();
}
