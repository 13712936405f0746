// A body that is compressed and does not say so: an archive, which the child is to get byte for byte, or a way past whoever looks for values. So it is decoded on the side, and each
// piece of it waits until what is in it has been looked through. A value in it cannot be taken out, and ends the answer.
import type { TransformCallback } from "node:stream";
import { Transform } from "node:stream";
import { openDecoders } from "./content-coding.ts";
import type { AnswerScrub } from "./scrub.ts";

/** A piece, and how much had been decoded when the decoder had it. */
interface WaitingPiece {
  readonly bytes: Uint8Array;
  readonly decoded: number;
}

/**
 * Passes every byte on as it is, and is destroyed with an error when a value turns up.
 *
 * @param first the first bytes of the body. @param inside looks through what is decoded; it is the watch's alone.
 */
export function openCodedWatch(coding: string, first: Uint8Array, inside: AnswerScrub): Transform {
  const [decoder = new Transform()] = openDecoders([coding], first);
  const waiting: WaitingPiece[] = [];
  let [decoded, looked] = [0, 0];
  /** Until then it is what it looks like. What cannot be decoded, nobody can. */
  let isCoded = true;
  let onStopped = (): void => undefined;

  const look = (parts: readonly Uint8Array[]): void => {
    for (const { length } of parts) looked += length;
  };
  decoder.on("data", (chunk: Uint8Array) => {
    decoded += chunk.length;
    look(inside.push(chunk));
  });
  const stop = (): void => {
    isCoded = false;
    look(inside.end());
    onStopped();
  };
  decoder.once("error", stop).once("end", stop);

  const watch = new Transform({
    transform(chunk: Uint8Array, _encoding, done: TransformCallback) {
      if (!isCoded) {
        settle(chunk, done);
        return;
      }
      onStopped = () => { settle(chunk, done); };
      decoder.write(chunk, () => {
        if (isCoded) whenRead(() => { settle(chunk, done); });
      });
    },
    flush(done) {
      onStopped = () => { settle(undefined, done); };
      if (isCoded) decoder.end();
      else onStopped();
    },
    destroy(error, done) {
      decoder.destroy();
      done(error);
    },
  });

  /** What the decoder has given out may still be on its way. */
  const whenRead = (then: () => void): void => {
    if (!isCoded) return;
    if (decoder.readableLength === 0) then();
    else setImmediate(() => { whenRead(then); });
  };
  const settle = (chunk: Uint8Array | undefined, done: TransformCallback): void => {
    onStopped = () => undefined;
    if (inside.met.size > 0) {
      done(new Error("a value in a body that is compressed"));
      return;
    }
    if (chunk !== undefined) waiting.push({ bytes: chunk, decoded });
    for (let [next] = waiting; next !== undefined && (!isCoded || next.decoded <= looked); [next] = waiting) {
      waiting.shift();
      watch.push(next.bytes);
    }
    done();
  };
  return watch;
}
