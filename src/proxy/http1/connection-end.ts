// How a connection with the child ends behind its last answer: to close on bytes that nobody has read is to reset it, and with it goes what the other side
// had not read yet (RFC 9112 section 9.6). So only our half is closed at first, and what still comes is dropped.
import type { Duplex } from "node:stream";

/** How long the other side may take to read an answer that ends the connection. */
const LINGER_MS = 2_000;

/** Closes our half once everything is written, and the rest when the other side has closed its own, or has taken too long. @param last bytes to go out before. */
export function endGently(socket: Duplex, last?: Uint8Array): void {
  if (socket.destroyed) return;
  if (last === undefined) socket.end();
  else socket.end(last);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once("close", () => {
    clearTimeout(timer);
  });
}
