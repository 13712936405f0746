// The raw sockets of tests: none of them ends a run of all tests because its peer has reset it, as a child does that exits.
//
// A socket's "error" that nobody listens to is an uncaught exception, which Vitest counts against whatever runs at that moment.
// A reset is an end, after which "close" comes; every other error that nobody listens to is as loud as ever.
// The linter lets tests take these functions from here alone: see .config/eslint.config.js.
import * as net from "node:net";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";

/** What an end by the other side is called, on one system or another. */
const RESETS: ReadonlySet<string | undefined> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/** The same socket, which takes a reset for its end. For sockets that HTTP hands over, with "connect" and "upgrade": from then on it listens to none of their errors. */
export function survive<Kind extends Duplex>(socket: Kind): Kind {
  return socket.on("error", function onError(error: NodeJS.ErrnoException) {
    const isHeard = socket.listeners("error").some((listener) => listener !== onError);
    if (!isHeard && !RESETS.has(error.code)) throw error;
  });
}

export const connect = surviving(net.connect);

export const connectTls = surviving(tls.connect);

/** Either end of TLS over a socket that is there. */
export function wrapTls(...args: ConstructorParameters<typeof tls.TLSSocket>): tls.TLSSocket {
  return survive(new tls.TLSSocket(...args));
}

/** That it cannot listen is as loud as ever. */
export const createServer = withSurvivors(net.createServer);

export const createTlsServer = withSurvivors(tls.createServer);

/** For sockets that are handed to what is tested, whose own listeners are judged with it. */
export const createBareServer = net.createServer;

/** Connected to nothing. */
export function makeBareSocket(): net.Socket {
  return new net.Socket();
}

function surviving<Open extends (...args: never[]) => net.Socket>(open: Open): Open {
  return ((...args: Parameters<Open>) => survive(open(...args))) as Open;
}

function withSurvivors<Create extends (...args: never[]) => net.Server>(create: Create): Create {
  return ((...args: Parameters<Create>) => {
    const server = create(...args);
    // Before the listener that a test gives, which may end the socket.
    for (const event of ["connection", "secureConnection"]) server.prependListener(event, survive);
    return server;
  }) as Create;
}
