// What is spoken on a connection, as far as its first bytes tell.
import type { Duplex } from "node:stream";
import { opensRequest } from "../http1/opening.ts";
import { readGreeting } from "../tls/greeting.ts";

/** `tls`: in which HTTP/1 may be spoken. `closed-tls`: other protocols alone, in which no secret could be put, or looked for. */
export type Opening = "http" | "tls" | "closed-tls" | "other";

const EMPTY = Buffer.alloc(0);

/** @returns undefined where more bytes are needed to tell. */
export function findOpening(bytes: Buffer, mayBeTls = true): Opening | undefined {
  const greeting = mayBeTls ? readGreeting(bytes) : { kind: "none" as const };
  if (greeting.kind === "unfinished") return undefined;
  if (greeting.kind === "greeting") return greeting.protocols.length === 0 || greeting.protocols.some((name) => name.startsWith("http/")) ? "tls" : "closed-tls";
  const isRequest = opensRequest(bytes);
  return isRequest === undefined ? undefined : isRequest ? "http" : "other";
}

/**
 * Waits for as many bytes as tell, and puts them back.
 *
 * @param socket from which nothing has been read. It is paused afterwards.
 * @returns `nothing` where none came; what had begun and did not go on is `other`.
 */
export function readOpening(socket: Duplex, waitMs: number): Promise<Opening | "nothing"> {
  if (socket.destroyed || socket.readableEnded) return Promise.resolve("nothing");
  return new Promise((resolve) => {
    let ahead: Buffer = EMPTY;
    const settle = (opening: Opening | "nothing"): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).pause();
      if (ahead.length > 0 && !socket.readableEnded) socket.unshift(ahead);
      resolve(opening);
    };
    const onData = (chunk: Buffer): void => {
      ahead = ahead.length === 0 ? chunk : Buffer.concat([ahead, chunk]);
      const opening = findOpening(ahead);
      if (opening !== undefined) settle(opening);
    };
    const onEnd = (): void => {
      settle(ahead.length === 0 ? "nothing" : "other");
    };
    const timer = setTimeout(onEnd, waitMs);
    socket.on("data", onData).once("end", onEnd).once("close", onEnd).resume();
  });
}
