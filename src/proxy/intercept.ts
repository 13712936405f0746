// TLS towards the child for bound hosts: the run's CA vouches for the host that the child asked for, and for no other.
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Authority } from "../vault/host.ts";
import type { HttpSideOptions } from "./http-side.ts";
import { makeHttpSide } from "./http-side.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal } from "./refusal.ts";
import type { RunCa } from "./run-ca.ts";

/** How the child took the certificate that it was shown: `broken-off` is nearly always that it does not trust it. */
export type Handshake = "completed" | "broken-off";

export interface Interceptor {
  /** Takes over a connection whose CONNECT was answered. @param onRefused the child named another host in its TLS greeting. */
  accept(socket: Duplex, authority: Authority, onRefused: (refusal: Refusal) => void): void;
  close(): void;
}

export interface InterceptorOptions extends Pick<HttpSideOptions, "headMs"> {
  readonly ca: RunCa;
  readonly serve: (authority: Authority, ...args: Parameters<HttpSideOptions["serve"]>) => ReturnType<HttpSideOptions["serve"]>;
  readonly onMalformed: (authority: Authority | undefined, refusal: Refusal) => string;
  readonly hearHandshake: (outcome: Handshake) => void;
}

export function openInterceptor({ ca, headMs, serve, onMalformed, hearHandshake }: InterceptorOptions): Interceptor {
  const authorities = new WeakMap<Duplex, Authority>();
  const server: Server = makeHttpSide({
    headMs,
    servesSwitches: true,
    serve(request, response, expectation) {
      const authority = authorities.get(request.socket);
      if (authority !== undefined) return serve(authority, request, response, expectation);
      request.socket.destroy();
      return undefined;
    },
    onMalformed: (refusal, socket) => onMalformed(authorities.get(socket), refusal),
  });
  server.on("connect", (_request, socket: Duplex) => {
    socket.destroy();
  });
  // This server has no port of its own. Its time limits on slow heads start with this event all the same.
  server.emit("listening");

  return {
    accept(socket, authority, onRefused) {
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: ca.contextFor(authority.host),
        ALPNProtocols: ["http/1.1"],
        SNICallback: (name, done) => {
          if (isSameName(name, authority)) done(null);
          else {
            onRefused(makeRefusal("misdirected", "the TLS greeting is for another host than the CONNECT"));
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
        authorities.set(secure, authority);
        server.emit("connection", secure);
      });
    },
    close() {
      server.close();
    },
  };
}

function isSameName(name: string, { host }: Authority): boolean {
  return name.toLowerCase().replace(/\.$/, "") === host;
}
