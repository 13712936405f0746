// How far a writer may go ahead of a connection. Node says stop at one TLS record's worth, and takes what is written next only a turn of its loop later: so each
// record of a long body would cost a turn of its own, and a stop and a start of all that stand before it. What waits is encrypted and written as one.
import type { Duplex } from "node:stream";

const AHEAD_BYTES = 524_288;

/** Whether more may be written now. Otherwise `drain` tells when, as ever: that all of it is out. @param gatheredBytes what is still to be written. */
export function hasRoom(socket: Duplex, gatheredBytes = 0): boolean {
  return socket.writableLength + gatheredBytes < AHEAD_BYTES;
}

/** Has the connection's own way to write answer so, for writers that go by that. */
export function writeAhead<S extends Duplex>(socket: S): S {
  const write = socket.write.bind(socket);
  socket.write = (...args: unknown[]) => {
    Reflect.apply(write, undefined, args);
    return hasRoom(socket);
  };
  return socket;
}
