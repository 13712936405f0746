// An answer on its way to the child: head, body, trailers, each looked through where the host is bound.
import type { Duplex, Transform } from "node:stream";
import type { AnswerHead } from "./scrub/answer-head.ts";
import { parseAnswerHead } from "./scrub/answer-head.ts";
import type { ChildResponse } from "./http1/child-response.ts";
import { openDecoders } from "./scrub/content-coding.ts";
import type { Refusal } from "./grants/refusal.ts";
import { makeRefusal } from "./grants/refusal.ts";
import type { AnswerScrub } from "./scrub/scrub.ts";
import { joinSockets } from "./upstream/tunnel.ts";
import type { AnswerListener } from "./upstream/upstream.ts";
import { findSwitchHead } from "./http1/websocket.ts";

export interface AnswerOptions {
  readonly method: string;
  /** Undefined passes the answer on unseen. */
  readonly scrub: AnswerScrub | undefined;
  /** Of the WebSocket that was asked for, if one was. */
  readonly handshakeKey: string | undefined;
  /** Comes once and last, whatever became of the answer. @param hasLeft whether anything of the request may have gone out. */
  readonly onOver: (hasLeft: boolean) => void;
  /** The answer cannot be had, or not be passed on. Nothing of it has reached the child. */
  readonly onRefusal: (refusal: Refusal) => void;
}

/** Writes the answer to a child's response. Whatever goes wrong after the head is out ends the child's connection: a cut answer must not look whole. */
export class AnswerRelay implements AnswerListener {
  readonly #response: ChildResponse;
  readonly #options: AnswerOptions;
  readonly #scrub: AnswerScrub | undefined;
  #abort: () => void = ignore;
  #resume: () => void = ignore;
  #answer: AnswerHead | undefined;
  #decoders: readonly Transform[] = [];
  #hasLeft = false;
  #isOver = false;

  constructor(response: ChildResponse, options: AnswerOptions) {
    this.#response = response;
    this.#options = options;
    this.#scrub = options.scrub;
  }

  onAbortable(abort: () => void): void {
    this.#abort = abort;
    if (this.#isOver || this.#response.isOver) {
      if (!this.#isOver) this.#finish();
      abort();
      return;
    }
    this.#hasLeft = true;
    // The child has hung up: so do we, and a decoder must not go on alone.
    this.#response.whenGone(() => {
      if (this.#isOver) return;
      this.#stop();
      abort();
    });
  }

  onHead(status: number, headers: readonly Uint8Array[], resume: () => void): boolean {
    this.#resume = resume;
    const outcome = parseAnswerHead(this.#options.method, status, textsOf(headers, this.#scrub), this.#scrub !== undefined);
    if (outcome.kind === "refuse") {
      this.onFailure(outcome.refusal);
      return false;
    }
    const { answer } = outcome;
    this.#answer = answer;
    if (answer.body.kind === "none") this.#end([]);
    // Body bytes from the same read come before the microtask does: without any, the child gets the head by itself.
    else queueMicrotask(() => { this.#sendHead(); });
    return true;
  }

  onBody(chunk: Uint8Array): boolean {
    const [answer, response] = [this.#answer, this.#response];
    if (this.#isOver || answer?.body.kind !== "some") return true;
    if (this.#isWhole(answer, chunk)) {
      const body = this.#scrub?.whole(chunk) ?? chunk;
      if (!this.#start(answer, body.length)) return true;
      response.endWith(body);
      this.#finish();
      return true;
    }
    if (!this.#start(answer)) return true;
    if (this.#decoders.length === 0 && answer.body.codings.length > 0) this.#openBody(answer.body.codings, chunk);
    const [first] = this.#decoders;
    const isReady = first === undefined ? this.#write(chunk) : first.write(chunk);
    if (isReady) return true;
    if (first === undefined) response.whenDrained(this.#resume);
    else first.once("drain", this.#resume);
    return false;
  }

  onEnd(trailers: readonly Uint8Array[]): void {
    const [first, last] = [this.#decoders[0], this.#decoders.at(-1)];
    if (first === undefined || last === undefined) {
      this.#end(trailers);
      return;
    }
    last.once("end", () => {
      this.#end(trailers);
    });
    first.end();
  }

  onSwitch(headers: readonly Uint8Array[], server: Duplex): void {
    const { handshakeKey } = this.#options;
    const head = this.#isOver || handshakeKey === undefined ? undefined : findSwitchHead(textsOf(headers, this.#scrub), handshakeKey);
    if (head === undefined || this.#response.isOver) {
      server.destroy();
      this.onFailure(makeRefusal("upstream-answer", "the server's answer was dropped; it agreed to something other than the WebSocket that was asked for"));
      return;
    }
    const child = this.#response.release();
    this.#finish();
    child.write(head, "latin1");
    void joinSockets(child, server);
  }

  onFailure(refusal: Refusal): void {
    if (this.#isOver) return;
    this.#stop();
    if (this.#response.isStarted) {
      this.#writeHeld();
      this.#response.cut();
    } else this.#options.onRefusal(refusal);
    this.#abort();
  }

  #finish(): void {
    this.#isOver = true;
    this.#options.onOver(this.#hasLeft);
  }

  /** Nobody hears the rest. */
  #stop(): void {
    this.#finish();
    for (const decoder of this.#decoders) decoder.destroy();
  }

  /** False where the head cannot be written: the exchange has failed then. @param wholeBytes the length of a body that is all there. */
  #start({ status, headers, body }: AnswerHead, wholeBytes?: number): boolean {
    if (this.#response.isStarted) return true;
    // What is looked through may change in length.
    const lengthBytes = wholeBytes ?? (this.#scrub === undefined && body.kind === "some" ? body.lengthBytes : undefined);
    if (this.#response.start(status, headers, body.kind === "none" ? body : { kind: "some", lengthBytes })) return true;
    this.onFailure(makeRefusal("upstream-answer", "the server's answer was dropped; it has a malformed header"));
    return false;
  }

  /** The head by itself, for a body that may be long in coming. */
  #sendHead(): void {
    if (!this.#isOver && this.#answer !== undefined && this.#start(this.#answer)) this.#response.flushHead();
  }

  #write(chunk: Uint8Array): boolean {
    return this.#scrub === undefined ? this.#response.write(chunk) : this.#response.write(...this.#scrub.push(chunk));
  }

  /** What was held goes out with the end, or where the answer breaks off. */
  #writeHeld(): void {
    if (this.#scrub !== undefined) this.#response.write(...this.#scrub.end());
  }

  #end(trailers: readonly Uint8Array[]): void {
    if (this.#isOver || this.#answer === undefined || !this.#start(this.#answer)) return;
    this.#writeHeld();
    this.#response.end(trailers.length === 0 ? [] : textsOf(trailers, this.#scrub));
    this.#finish();
  }

  /** Small answers come with their head in one piece: the child then gets an exact length instead of chunks. */
  #isWhole({ body }: AnswerHead, chunk: Uint8Array): boolean {
    return !this.#response.isStarted && body.kind === "some" && body.lengthBytes === chunk.length && body.codings.length === 0;
  }

  #openBody(codings: readonly string[], first: Uint8Array): void {
    const decoders = openDecoders(codings, first);
    this.#decoders = decoders;
    const onError = (): void => {
      this.onFailure(makeRefusal("upstream-answer", "the server's answer could not be decoded"));
    };
    for (const [index, decoder] of decoders.entries()) {
      decoder.on("error", onError);
      const next = decoders[index + 1];
      if (next !== undefined) decoder.pipe(next);
    }
    const last = decoders.at(-1);
    last?.on("data", (chunk: Uint8Array) => {
      if (this.#isOver || this.#write(chunk)) return;
      last.pause();
      this.#response.whenDrained(() => last.resume());
    });
  }
}

function ignore(): void {
  // Until there is something to stop, or to go on with.
}

function textsOf(parts: readonly Uint8Array[], scrub: AnswerScrub | undefined): string[] {
  return scrub?.texts(parts) ?? parts.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"));
}
