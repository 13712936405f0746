// An answer on its way to the child: head, body, trailers, each looked through where the host is bound.
import type { ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Transform } from "node:stream";
import type { AnswerHead } from "./answer-head.ts";
import { parseAnswerHead } from "./answer-head.ts";
import { openDecoders } from "./content-coding.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal } from "./refusal.ts";
import type { AnswerScrub } from "./scrub.ts";
import { joinSockets } from "./tunnel.ts";
import type { AnswerListener } from "./upstream.ts";
import { findSwitchHead } from "./websocket.ts";

export interface AnswerOptions {
  readonly method: string;
  /** Undefined passes the answer on unseen. */
  readonly scrub: AnswerScrub | undefined;
  /** Of the WebSocket that was asked for, if one was. */
  readonly handshakeKey: string | undefined;
  /** The answer cannot be had, or not be passed on. Nothing of it has reached the child. */
  readonly onRefusal: (refusal: Refusal) => void;
}

/** Writes the answer to a child's response. Whatever goes wrong after the head is out ends the child's connection: a cut answer must not look whole. */
export function relayAnswer(response: ServerResponse, { method, scrub, handshakeKey, onRefusal }: AnswerOptions): AnswerListener {
  let abort = (): void => undefined;
  let resume = (): void => undefined;
  let answer: AnswerHead | undefined;
  let decoders: readonly Transform[] = [];
  let isOver = false;

  const fail = (refusal: Refusal): void => {
    if (isOver) return;
    isOver = true;
    for (const decoder of decoders) decoder.destroy();
    if (response.headersSent) response.destroy();
    else onRefusal(refusal);
    abort();
  };
  /** False where the head cannot be written: the exchange has failed then. */
  const writeHead = (head: AnswerHead): boolean => {
    if (response.headersSent) return true;
    try {
      response.writeHead(head.status, STATUS_CODES[head.status] ?? "", head.headers);
      return true;
    } catch {
      // Node refuses what no header may hold.
      fail(makeRefusal("upstream-answer", "the server's answer was dropped; it has a malformed header"));
      return false;
    }
  };
  /** The head by itself, for a body that may be long in coming. */
  const sendHead = (): void => {
    if (!isOver && answer !== undefined && writeHead(answer)) response.flushHeaders();
  };
  const write = (chunk: Uint8Array): boolean => {
    let isReady = true;
    for (const part of scrub === undefined ? [chunk] : scrub.push(chunk)) isReady = response.write(part);
    return isReady;
  };
  const finish = (trailers: readonly Uint8Array[]): void => {
    if (isOver || answer === undefined) return;
    if (!writeHead(answer)) return;
    isOver = true;
    for (const part of scrub?.end() ?? []) response.write(part);
    const pairs: [string, string][] = [];
    const texts = textsOf(trailers, scrub);
    for (let at = 0; at + 1 < texts.length; at += 2) pairs.push([texts[at] ?? "", texts[at + 1] ?? ""]);
    if (pairs.length > 0) response.addTrailers(pairs);
    response.end();
  };
  /** Small answers come with their head in one piece: the child then gets an exact length instead of chunks. */
  const isWhole = (chunk: Uint8Array): boolean => !response.headersSent && decoders.length === 0 && answer?.body.kind === "some" && answer.body.lengthBytes === chunk.length;

  const openBody = (codings: readonly string[], first: Uint8Array): void => {
    decoders = openDecoders(codings, first);
    const onError = (): void => {
      fail(makeRefusal("upstream-answer", "the server's answer could not be decoded"));
    };
    for (const [index, decoder] of decoders.entries()) {
      decoder.on("error", onError);
      const next = decoders[index + 1];
      if (next !== undefined) decoder.pipe(next);
    }
    const last = decoders.at(-1);
    last?.on("data", (chunk: Uint8Array) => {
      if (isOver || write(chunk)) return;
      last.pause();
      response.once("drain", () => last.resume());
    });
  };

  return {
    onAbortable(doAbort) {
      abort = doAbort;
      if (isOver || response.destroyed) {
        isOver = true;
        abort();
        return;
      }
      // The child has hung up: so do we, and a decoder must not go on alone.
      response.once("close", () => {
        if (isOver) return;
        isOver = true;
        for (const decoder of decoders) decoder.destroy();
        abort();
      });
    },
    onHead(status, headers, doResume) {
      resume = doResume;
      const outcome = parseAnswerHead(method, status, textsOf(headers, scrub), scrub !== undefined);
      if (outcome.kind === "refuse") {
        fail(outcome.refusal);
        return false;
      }
      answer = outcome.answer;
      if (answer.isPart) scrub?.expectPart();
      if (answer.body.kind === "none") finish([]);
      // Body bytes from the same read come before this: without any, the child gets the head by itself.
      // Body bytes from the same read come before the microtask does.
      else queueMicrotask(sendHead);
      return true;
    },
    onBody(chunk) {
      if (isOver || answer?.body.kind !== "some") return true;
      if (scrub !== undefined && isWhole(chunk) && answer.body.codings.length === 0) {
        const parts = [...scrub.push(chunk), ...scrub.end()];
        const body = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
        answer.headers.push("content-length", String(body.length));
        if (!writeHead(answer)) return true;
        isOver = true;
        response.end(body);
        return true;
      }
      if (!writeHead(answer)) return true;
      if (decoders.length === 0 && answer.body.codings.length > 0) openBody(answer.body.codings, chunk);
      const [first] = decoders;
      const isReady = first === undefined ? write(chunk) : first.write(chunk);
      if (!isReady) (first ?? response).once("drain", () => { resume(); });
      return isReady;
    },
    onEnd(trailers) {
      const [first, last] = [decoders[0], decoders.at(-1)];
      if (first === undefined || last === undefined) {
        finish(trailers);
        return;
      }
      last.once("end", () => {
        finish(trailers);
      });
      first.end();
    },
    onSwitch(headers, server) {
      const head = isOver || handshakeKey === undefined ? undefined : findSwitchHead(textsOf(headers, scrub), handshakeKey);
      const child = response.socket;
      if (head === undefined || child === null) {
        server.destroy();
        fail(makeRefusal("upstream-answer", "the server's answer was dropped; it agreed to something other than the WebSocket that was asked for"));
        return;
      }
      isOver = true;
      response.detachSocket(child);
      // As far as HTTP goes, this was all.
      response.emit("close");
      child.write(head, "latin1");
      void joinSockets(child, server);
    },
    onFailure: fail,
  };
}

function textsOf(parts: readonly Uint8Array[], scrub: AnswerScrub | undefined): string[] {
  return scrub?.texts(parts) ?? parts.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"));
}
