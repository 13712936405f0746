// A connection whose bytes are read into one buffer, over and over. Node's own way is a new buffer of 64 KiB for each read,
// and to collect those took nearly half of a tunnel's time.
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** One side of a tunnel. */
export interface TunnelSide {
  /** Writes go here, and its events tell what becomes of the connection. */
  readonly socket: Duplex;
  /** From now on what comes is passed on, and its end too. */
  readonly passTo: (to: Duplex) => void;
}

const BUFFER_BYTES = 65_536;

/**
 * Takes a TCP connection out of its socket, and puts it into a new one, which ends with the old one, as the old one does with it.
 *
 * @returns undefined for what is no such connection, has ended already, or still has something to write.
 */
export function readIntoOneBuffer(socket: Duplex): TunnelSide | undefined {
  const handle = findHandle(socket);
  if (handle === undefined) return undefined;
  let to: Duplex | undefined;
  const isWritten = (): boolean => to?.writableLength === 0;
  const onWritten = (): void => {
    if (isWritten()) reader.resume();
  };
  /** What the system does not take at once is written later, out of this same buffer: until then nothing is read into it. */
  const passOn = (bytes: Uint8Array): boolean => {
    to?.write(bytes, onWritten);
    return isWritten();
  };
  const options = {
    handle,
    allowHalfOpen: true,
    pauseOnCreate: true,
    onread: { buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES), callback: (length: number, buffer: Uint8Array) => passOn(buffer.subarray(0, length)) },
  };
  const reader = new Socket(options);
  Reflect.set(socket, "_handle", null);
  reader.once("close", () => socket.destroy());
  socket.once("close", () => reader.destroy());
  const early: unknown = socket.read();
  return {
    socket: reader,
    passTo(next) {
      to = next;
      reader.once("end", () => next.end());
      if (early instanceof Uint8Array) passOn(early);
      else reader.resume();
    },
  };
}

/** Node documents a way to read into one buffer for connections that are made, and none for those that are accepted. This name is not documented: where it is missing, sockets are read as always. */
function findHandle(socket: Duplex): object | undefined {
  const isPlain = socket instanceof Socket && !(socket instanceof TLSSocket);
  if (!isPlain || socket.destroyed || socket.readableEnded || socket.writableLength > 0) return undefined;
  const handle: unknown = Reflect.get(socket, "_handle");
  return typeof handle === "object" && handle !== null && "useUserBuffer" in handle ? handle : undefined;
}
