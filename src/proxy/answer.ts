// An answer on its way to the child: head, body, trailers, each looked through where the host is bound.
import type { Transform } from "node:stream";
import type { AnswerHead } from "./answer-head.ts";
import { parseAnswerHead } from "./answer-head.ts";
import type { ChildResponse } from "./child-response.ts";
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
  /** Comes once and last, whatever became of the answer. */
  readonly onOver: () => void;
  /** The answer cannot be had, or not be passed on. Nothing of it has reached the child. */
  readonly onRefusal: (refusal: Refusal) => void;
}

/** Writes the answer to a child's response. Whatever goes wrong after the head is out ends the child's connection: a cut answer must not look whole. */
export function relayAnswer(response: ChildResponse, { method, scrub, handshakeKey, onOver, onRefusal }: AnswerOptions): AnswerListener {
  let abort = (): void => undefined;
  let resume = (): void => undefined;
  let answer: AnswerHead | undefined;
  let decoders: readonly Transform[] = [];
  let isOver = false;

  const finish = (): void => {
    isOver = true;
    onOver();
  };
  /** Nobody hears the rest. */
  const stop = (): void => {
    finish();
    for (const decoder of decoders) decoder.destroy();
  };
  const fail = (refusal: Refusal): void => {
    if (isOver) return;
    stop();
    if (response.isStarted) response.cut();
    else onRefusal(refusal);
    abort();
  };
  /** False where the head cannot be written: the exchange has failed then. @param wholeBytes the length of a body that is all there. */
  const start = ({ status, headers, body }: AnswerHead, wholeBytes?: number): boolean => {
    // What is looked through may change in length.
    const lengthBytes = wholeBytes ?? (scrub === undefined && body.kind === "some" ? body.lengthBytes : undefined);
    if (response.isStarted || response.start(status, headers, body.kind === "none" ? body : { kind: "some", lengthBytes })) return true;
    fail(makeRefusal("upstream-answer", "the server's answer was dropped; it has a malformed header"));
    return false;
  };
  /** The head by itself, for a body that may be long in coming. */
  const sendHead = (): void => {
    if (!isOver && answer !== undefined && start(answer)) response.flushHead();
  };
  const write = (chunk: Uint8Array): boolean => {
    let isReady = true;
    for (const part of scrub === undefined ? [chunk] : scrub.push(chunk)) isReady = response.write(part);
    return isReady;
  };
  const end = (trailers: readonly Uint8Array[]): void => {
    if (isOver || answer === undefined || !start(answer)) return;
    for (const part of scrub?.end() ?? []) response.write(part);
    response.end(trailers.length === 0 ? [] : textsOf(trailers, scrub));
    finish();
  };
  /** Small answers come with their head in one piece: the child then gets an exact length instead of chunks. */
  const isWhole = (chunk: Uint8Array): boolean => !response.isStarted && decoders.length === 0 && answer?.body.kind === "some" && answer.body.lengthBytes === chunk.length && answer.body.codings.length === 0;

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
      response.whenDrained(() => last.resume());
    });
  };

  return {
    onAbortable(doAbort) {
      abort = doAbort;
      if (isOver || response.isOver) {
        if (!isOver) finish();
        abort();
        return;
      }
      // The child has hung up: so do we, and a decoder must not go on alone.
      response.whenGone(() => {
        if (isOver) return;
        stop();
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
      if (answer.body.kind === "none") end([]);
      // Body bytes from the same read come before the microtask does: without any, the child gets the head by itself.
      else queueMicrotask(sendHead);
      return true;
    },
    onBody(chunk) {
      if (isOver || answer?.body.kind !== "some") return true;
      if (isWhole(chunk)) {
        const body = scrub?.whole(chunk) ?? chunk;
        if (!start(answer, body.length)) return true;
        response.endWith(body);
        finish();
        return true;
      }
      if (!start(answer)) return true;
      if (decoders.length === 0 && answer.body.codings.length > 0) openBody(answer.body.codings, chunk);
      const [first] = decoders;
      const isReady = first === undefined ? write(chunk) : first.write(chunk);
      if (isReady) return true;
      if (first === undefined) response.whenDrained(resume);
      else first.once("drain", resume);
      return false;
    },
    onEnd(trailers) {
      const [first, last] = [decoders[0], decoders.at(-1)];
      if (first === undefined || last === undefined) {
        end(trailers);
        return;
      }
      last.once("end", () => {
        end(trailers);
      });
      first.end();
    },
    onSwitch(headers, server) {
      const head = isOver || handshakeKey === undefined ? undefined : findSwitchHead(textsOf(headers, scrub), handshakeKey);
      if (head === undefined || response.isOver) {
        server.destroy();
        fail(makeRefusal("upstream-answer", "the server's answer was dropped; it agreed to something other than the WebSocket that was asked for"));
        return;
      }
      const child = response.release();
      finish();
      child.write(head, "latin1");
      void joinSockets(child, server);
    },
    onFailure: fail,
  };
}

function textsOf(parts: readonly Uint8Array[], scrub: AnswerScrub | undefined): string[] {
  return scrub?.texts(parts) ?? parts.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"));
}
