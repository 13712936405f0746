// TLS towards the child for bound hosts: the run's CA vouches for the host that the child asked for, and for no other.
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Authority } from "../../vault/host.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";
import type { RunCa } from "./run-ca.ts";

/** How the child took the certificate that it was shown: `broken-off` is nearly always that it does not trust it. `no-http1`: it was shown none, since it speaks HTTP/2 alone. */
export type Handshake = "completed" | "broken-off" | "no-http1";

/** OpenSSL's word for a greeting whose protocols (ALPN, RFC 7301) are all others. */
const OTHER_PROTOCOLS = "ERR_SSL_NO_APPLICATION_PROTOCOL";

export interface Interceptor {
  /** Takes over a connection of which the child believes that it leads to the authority. */
  accept(socket: Duplex, authority: Authority, use: InterceptedUse): void;
}

export interface InterceptedUse {
  /** Takes what comes through the TLS. Nothing has been read of it. */
  readonly open: (secure: TLSSocket) => void;
  /** Hears of a greeting for another host. */
  readonly onMalformed: (refusal: Refusal) => void;
}

export interface InterceptorOptions {
  readonly ca: RunCa;
  /** How long the greeting may take. */
  readonly headMs: number;
  readonly hearHandshake: (outcome: Handshake, authority: Authority) => void;
}

export function openInterceptor({ ca, headMs, hearHandshake }: InterceptorOptions): Interceptor {
  return {
    accept(socket, authority, { open, onMalformed }) {
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: ca.contextFor(authority.host),
        ALPNProtocols: ["http/1.1"],
        SNICallback: (name, done) => {
          if (isSameName(name, authority)) done(null);
          else {
            onMalformed(makeRefusal("misdirected", "the TLS greeting is for another host than the connection"));
            done(new Error("another host"));
          }
        },
      });
      const timer = setTimeout(() => secure.destroy(), headMs);
      let outcome: Handshake = "broken-off";
      secure.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === OTHER_PROTOCOLS) outcome = "no-http1";
        secure.destroy();
      });
      // The child has hung up without a greeting: its connection may be half open, and would be kept until the time is up.
      const onEarlyEnd = (): void => {
        secure.destroy();
      };
      secure.once("end", onEarlyEnd);
      secure.once("close", () => {
        clearTimeout(timer);
        if (outcome !== "completed") hearHandshake(outcome, authority);
        socket.destroy();
      });
      secure.once("secure", () => {
        clearTimeout(timer);
        secure.off("end", onEarlyEnd);
        outcome = "completed";
        hearHandshake(outcome, authority);
        open(secure);
      });
    },
  };
}

function isSameName(name: string, { host }: Authority): boolean {
  return name.toLowerCase().replace(/\.$/, "") === host;
}
