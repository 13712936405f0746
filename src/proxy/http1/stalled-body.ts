// A body that stands still is given up: nobody waits for what does not come.
import type { Transform } from "node:stream";
import type { RequestBody } from "./child-request.ts";

/** Calls back once when a body has made no progress for the whole time although there was room for more. */
export function watchIdle(source: RequestBody, body: Transform, idleMs: number, onIdle: () => void): void {
  let before = source.bytes;
  const timer = setInterval(() => {
    if (source.isWhole || source.destroyed) clearInterval(timer);
    else if (source.bytes === before && !body.writableNeedDrain) {
      clearInterval(timer);
      onIdle();
    }
    before = source.bytes;
  }, idleMs).unref();
  source.once("close", () => {
    clearInterval(timer);
  });
}
