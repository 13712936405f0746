// Writes the pieces of a body to a connection, as chunks where it is framed so (RFC 9112 section 7.1). What comes while the connection still writes what came before is gathered, and goes out as one chunk: it
// would wait there as well, and each chunk has a price. Where chunks end hangs on time, and on how much has come; on nothing that is in it.
import type { Duplex } from "node:stream";
import { latin1Text } from "../../bytes.ts";
import { hasRoom } from "./write-ahead.ts";

/** A first part that is no longer goes out with the chunk's size, in one string. */
const JOINED_BYTES_MAX = 256;
const EMPTY = new Uint8Array();
const CRLF = Buffer.from("\r\n");

export class BodyWriter {
  readonly #socket: Duplex;
  readonly #isChunked: boolean;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #isWriting = false;
  readonly #onWritten = (): void => {
    this.#isWriting = false;
    this.flush();
  };

  constructor(socket: Duplex, isChunked: boolean) {
    this.#socket = socket;
    this.#isChunked = isChunked;
  }

  /** @param lead goes out before it, in latin-1. @returns false where the child is slow: all that has come is with the connection then, whose `drain` tells when it is out. */
  write(lead: string, parts: readonly Uint8Array[], bytes: number): boolean {
    if (!this.#isWriting) {
      this.#writeOut(lead, parts, bytes);
      return hasRoom(this.#socket);
    }
    for (const part of parts) this.#gathered.push(part);
    this.#gatheredBytes += bytes;
    if (hasRoom(this.#socket, this.#gatheredBytes)) return true;
    this.flush();
    return false;
  }

  /** Gives the connection what was gathered. To be called before anything else is written to it. */
  flush(): void {
    const [parts, bytes] = [this.#gathered, this.#gatheredBytes];
    if (bytes === 0 || this.#socket.destroyed) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#writeOut("", parts, bytes);
  }

  #writeOut(lead: string, parts: readonly Uint8Array[], bytes: number): void {
    const [socket, last] = [this.#socket, parts.length - 1];
    // Each write costs the same, however short it is.
    const [first = EMPTY] = parts;
    const isJoined = last > 0 && first.length <= JOINED_BYTES_MAX;
    const opening = `${lead}${this.#isChunked ? `${bytes.toString(16)}\r\n` : ""}${isJoined ? latin1Text(first) : ""}`;
    this.#isWriting = true;
    socket.cork();
    if (opening !== "") socket.write(Buffer.from(opening, "latin1"));
    for (let index = isJoined ? 1 : 0; index < last; index += 1) socket.write(parts[index] ?? EMPTY);
    if (this.#isChunked) {
      socket.write(parts[last] ?? EMPTY);
      socket.write(CRLF, this.#onWritten);
    } else socket.write(parts[last] ?? EMPTY, this.#onWritten);
    socket.uncork();
  }
}
