// TLS towards the child for bound hosts: the run's CA vouches for the host that the child asked for, and for no other.
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Authority } from "../../vault/host.ts";
import type { ConnectionUse } from "../http1/child-connection.ts";
import { ChildConnection } from "../http1/child-connection.ts";
import type { ConnectionWatch } from "../http1/connection-watch.ts";
import { makeRefusal } from "../grants/refusal.ts";
import type { RunCa } from "./run-ca.ts";

/** How the child took the certificate that it was shown: `broken-off` is nearly always that it does not trust it. */
export type Handshake = "completed" | "broken-off";

export interface Interceptor {
  /** Takes over a connection whose CONNECT was answered. */
  accept(socket: Duplex, authority: Authority, use: InterceptedUse): void;
}

/** What is done with what comes through the TLS. `onMalformed` hears of a greeting for another host, too. */
type InterceptedUse = Pick<ConnectionUse, "serve" | "onMalformed">;

export interface InterceptorOptions extends Pick<ConnectionUse, "headMs"> {
  readonly ca: RunCa;
  readonly connections: ConnectionWatch;
  readonly hearHandshake: (outcome: Handshake) => void;
}

export function openInterceptor({ ca, headMs, connections, hearHandshake }: InterceptorOptions): Interceptor {
  return {
    accept(socket, authority, { serve, onMalformed }) {
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: ca.contextFor(authority.host),
        ALPNProtocols: ["http/1.1"],
        SNICallback: (name, done) => {
          if (isSameName(name, authority)) done(null);
          else {
            onMalformed(makeRefusal("misdirected", "the TLS greeting is for another host than the CONNECT"));
            done(new Error("another host"));
          }
        },
      });
      const timer = setTimeout(() => secure.destroy(), headMs);
      secure.on("error", () => secure.destroy());
      // The child has hung up without a greeting: its connection may be half open, and would be kept until the time is up.
      const onEarlyEnd = (): void => {
        secure.destroy();
      };
      secure.once("end", onEarlyEnd);
      let outcome: Handshake = "broken-off";
      secure.once("close", () => {
        clearTimeout(timer);
        if (outcome === "broken-off") hearHandshake(outcome);
        socket.destroy();
      });
      secure.once("secure", () => {
        clearTimeout(timer);
        secure.off("end", onEarlyEnd);
        outcome = "completed";
        hearHandshake(outcome);
        connections.watch(new ChildConnection(secure, { headMs, servesSwitches: true, serve, onMalformed }));
      });
    },
  };
}

function isSameName(name: string, { host }: Authority): boolean {
  return name.toLowerCase().replace(/\.$/, "") === host;
}
