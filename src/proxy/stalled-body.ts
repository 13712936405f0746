// Bodies that do not come to an end: one that stands still is given up, what is left of one that nobody reads any more is dropped.
import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";

/** After an early answer, the rest of a request's body is read and dropped for so long, so that the child gets to read the answer. */
const DRAIN_MS = 5_000;

/** Calls back once when a body has made no progress for the whole time although there was room for more. */
export function watchIdle(request: IncomingMessage, body: Transform, idleMs: number, onIdle: () => void): void {
  let before = request.socket.bytesRead;
  const timer = setInterval(() => {
    const now = request.socket.bytesRead;
    if (request.complete || request.destroyed) clearInterval(timer);
    else if (now === before && !body.writableNeedDrain) {
      clearInterval(timer);
      onIdle();
    }
    before = now;
  }, idleMs).unref();
  request.once("close", () => {
    clearInterval(timer);
  });
}

/** Drops what is left of a body, within reason. */
export function drain(request: IncomingMessage): void {
  if (request.complete) return;
  request.unpipe();
  request.resume();
  const timer = setTimeout(() => {
    request.destroy();
  }, DRAIN_MS).unref();
  request.once("close", () => {
    clearTimeout(timer);
  });
}
