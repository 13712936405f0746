// A connection without a network: what is fed into it comes as chunks, what is written to it is kept.
import { Duplex } from "node:stream";

export class InMemorySocket extends Duplex {
  /** latin-1. */
  written = "";
  /** As a socket has it; Node's HTTP server asks for it. */
  readonly remoteAddress = "127.0.0.1";

  constructor() {
    super({ allowHalfOpen: true, emitClose: true });
    this.on("error", () => this.destroy());
  }

  /** Feeds bytes, a chunk to a turn of the event loop. */
  async feed(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      if (this.destroyed) return;
      this.push(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  override _read(): void {
    // Chunks come when they are fed.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written += chunk.toString("latin1");
    done();
  }
}
