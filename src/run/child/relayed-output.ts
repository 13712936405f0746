// One standard stream of the child's that passes through us on its way, rewritten. What else happens to it is as if it had not.
import { write } from "node:fs";
import type { Readable, Transform } from "node:stream";
import { pipeline, Writable } from "node:stream";
import { systemErrorCode } from "../../errors.ts";

export interface RelayedOutput {
  /**
   * Call when the child has ended: resolves when all that it wrote has gone out, and lets go of the stream whoever else still holds it.
   * A reader that takes nothing holds this up until it does or goes, whatever signals say: a write under way cannot be called back.
   */
  finish(): Promise<void>;
}

/**
 * A process that the child leaves behind may hold the stream open for ever, and write. Once we have been so many times, a turn of the event loop apart,
 * without anything to pass on, all of the child's own has passed.
 */
const CAUGHT_UP_TIMES = 4;
const LOOK_MS = 20;
/** Or once more has come than the system holds between the child and us. */
const LEFT_OVER_BYTES_MAX = 1024 * 1024;
/** A file descriptor that others have made non-blocking, and whose reader is slow. */
const RETRY_MS = 5;

/**
 * Relays until the child's stream ends. A slow reader slows the child down; one that has gone (EPIPE) closes the child's stream, so that it gets the
 * SIGPIPE that it would have had.
 *
 * @param descriptor 1 or 2; it stays open.
 */
export function relayOutput(source: Readable, rewrite: Transform, descriptor: number): RelayedOutput {
  const sink = openSink(descriptor);
  let [hasChildEnded, leftOverBytes] = [false, 0];
  source.on("data", (chunk: Uint8Array) => {
    if (hasChildEnded) leftOverBytes += chunk.length;
  });
  const end = (): void => {
    source.unpipe(rewrite);
    rewrite.end();
  };
  source.once("error", end);
  const relayed = new Promise<void>((resolve) => {
    pipeline(source.pipe(rewrite), sink, () => {
      // The reader has gone, or everything is out.
      source.destroy();
      resolve();
    });
  });
  const isCaughtUp = (): boolean => source.readableLength + rewrite.writableLength + rewrite.readableLength + sink.writableLength === 0;

  return {
    async finish() {
      hasChildEnded = true;
      let caughtUp = 0;
      const watch = setInterval(() => {
        if (isCaughtUp()) caughtUp += 1;
        if (caughtUp >= CAUGHT_UP_TIMES || leftOverBytes > LEFT_OVER_BYTES_MAX) end();
      }, LOOK_MS);
      await relayed;
      clearInterval(watch);
    },
  };
}

/** Writes outside the event loop: `process.stdout` holds up everything, the proxy and signals too, while a pipe is full. */
function openSink(descriptor: number): Writable {
  const writeAll = (bytes: Uint8Array, done: (error: Error | null) => void): void => {
    write(descriptor, bytes, (error, written) => {
      if (systemErrorCode(error) === "EAGAIN") setTimeout(() => { writeAll(bytes, done); }, RETRY_MS);
      else if (error !== null || written === bytes.length) done(error);
      else writeAll(bytes.subarray(written), done);
    });
  };
  return new Writable({ write: (chunk: Uint8Array, _encoding, done) => { writeAll(chunk, done); } });
}
