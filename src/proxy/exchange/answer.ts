// An answer on its way to the child: head, body, trailers, each looked through where the host is bound.
import type { Duplex } from "node:stream";
import { latin1Text } from "../../bytes.ts";
import type { AnswerHead } from "../scrub/answer-head.ts";
import { parseAnswerHead, readableTrailers } from "../scrub/answer-head.ts";
import { AnswerBody, isPlain } from "./answer-body.ts";
import type { ChildResponse } from "../http1/child-response.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";
import type { AnswerScrub } from "../scrub/scrub.ts";
import { joinSockets } from "../upstream/tunnel.ts";
import type { AnswerListener } from "../upstream/upstream.ts";
import { findSwitchHead } from "../http1/websocket.ts";
import type { PartCut, WantedPart } from "./wanted-part.ts";
import { settlePart } from "./wanted-part.ts";

export interface AnswerOptions {
  readonly method: string;
  /** Undefined passes the answer on unseen. */
  readonly scrub: AnswerScrub | undefined;
  /** Of an answer that is looked through: what of it the child has asked for, where that is not all. */
  readonly wanted: WantedPart | undefined;
  /** Of the WebSocket that was asked for, if one was. */
  readonly handshakeKey: string | undefined;
  /** Hears the answer's headers: names and values alternate. */
  readonly onHeaders?: ((headers: readonly string[]) => void) | undefined;
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
  /** Of an answer that is looked through. */
  #body: AnswerBody | undefined;
  /** Of an answer of which the child gets a part. */
  #cut: PartCut | undefined;
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
    const whole = outcome.answer;
    this.#options.onHeaders?.(whole.headers);
    const part = this.#options.wanted === undefined ? undefined : settlePart(this.#options.wanted, whole);
    const answer = part?.answer ?? whole;
    this.#answer = answer;
    this.#cut = part?.cut;
    if (part !== undefined && part.cut === undefined) {
      this.#end([]);
      this.#abort();
      return false;
    }
    if (this.#scrub !== undefined && answer.body.kind === "some") this.#body = this.#openBody(answer.body.codings, this.#scrub);
    if (answer.body.kind === "none") this.#end([]);
    // Body bytes from the same read come before the microtask does: without any, the child gets the head by itself.
    else queueMicrotask(() => { this.#sendHead(); });
    return true;
  }

  onBody(chunk: Uint8Array): boolean {
    const [answer, body] = [this.#answer, this.#body];
    if (this.#isOver || answer?.body.kind !== "some") return true;
    if (this.#isWhole(answer, chunk)) {
      const whole = this.#scrub?.whole(chunk) ?? chunk;
      if (!this.#start(answer, whole.length)) return true;
      this.#response.endWith(whole);
      this.#finish();
      return true;
    }
    if (body !== undefined) return body.write(chunk, this.#resume);
    if (this.#write([chunk])) return true;
    this.#response.whenDrained(this.#resume);
    return false;
  }

  onEnd(trailers: readonly Uint8Array[]): void {
    if (this.#body === undefined || this.#isOver) this.#end(trailers);
    else this.#body.end(() => { this.#end(trailers); });
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
    const { isStarted } = this.#response;
    if (isStarted) this.#writeHeld();
    this.#stop();
    if (isStarted) this.#response.cut();
    else this.#options.onRefusal(refusal);
    this.#abort();
  }

  #openBody(codings: readonly string[], scrub: AnswerScrub): AnswerBody {
    return new AnswerBody(codings, scrub, {
      write: (parts) => this.#write(parts),
      whenDrained: (resume) => { this.#response.whenDrained(resume); },
      onBroken: (refusal) => { this.onFailure(refusal); },
    });
  }

  #finish(): void {
    this.#isOver = true;
    this.#options.onOver(this.#hasLeft);
  }

  /** Nobody hears the rest. */
  #stop(): void {
    this.#finish();
    this.#body?.destroy();
  }

  /** False where the head cannot be written: the exchange has failed then. @param wholeBytes the length of a body that is all there. */
  #start({ status, headers, body }: AnswerHead, wholeBytes?: number): boolean {
    if (this.#response.isStarted) return true;
    // What is looked through may change in length.
    const lengthBytes = wholeBytes ?? this.#cut?.bytes ?? (this.#scrub === undefined && body.kind === "some" ? body.lengthBytes : undefined);
    if (this.#response.start(status, headers, body.kind === "none" ? body : { kind: "some", lengthBytes })) return true;
    this.onFailure(makeRefusal("upstream-answer", "the server's answer was dropped; it has a malformed header"));
    return false;
  }

  /** The head by itself, for a body that may be long in coming. */
  #sendHead(): void {
    if (!this.#isOver && this.#answer !== undefined && this.#start(this.#answer)) this.#response.flushHead();
  }

  /** One piece of the body, and before the first of them the head. */
  #write(parts: readonly Uint8Array[]): boolean {
    if (this.#isOver || this.#answer === undefined || !this.#start(this.#answer)) return true;
    if (this.#cut === undefined) return this.#response.write(...parts);
    const hasRoom = this.#response.write(...this.#cut.take(parts));
    if (!this.#cut.isOver) return hasRoom;
    this.#response.end();
    this.#stop();
    this.#abort();
    return true;
  }

  /** What was held goes out with the end, or where the answer breaks off. */
  #writeHeld(): void {
    if (this.#scrub !== undefined) this.#response.write(...(this.#cut?.take(this.#scrub.end()) ?? this.#scrub.end()));
  }

  #end(trailers: readonly Uint8Array[]): void {
    if (this.#isOver || this.#answer === undefined || !this.#start(this.#answer)) return;
    this.#writeHeld();
    if (this.#cut !== undefined && !this.#endPart(this.#cut)) return;
    const texts = trailers.length === 0 ? [] : textsOf(trailers, this.#scrub);
    this.#response.end(this.#scrub === undefined ? texts : readableTrailers(texts));
    this.#finish();
  }

  /** False where the part is not what its head has promised: it must not look whole then. */
  #endPart(cut: PartCut): boolean {
    const last = cut.end();
    if (last === undefined) {
      this.#finish();
      this.#response.cut();
      return false;
    }
    this.#response.write(...last);
    return true;
  }

  /** Small answers come with their head in one piece: the child then gets an exact length instead of chunks. */
  #isWhole({ body }: AnswerHead, chunk: Uint8Array): boolean {
    return !this.#response.isStarted && this.#cut === undefined && body.kind === "some" && body.lengthBytes === chunk.length && (this.#scrub === undefined || isPlain(body.codings, chunk));
  }
}

function ignore(): void {
  // Until there is something to stop, or to go on with.
}

function textsOf(parts: readonly Uint8Array[], scrub: AnswerScrub | undefined): string[] {
  return scrub?.texts(parts) ?? parts.map(latin1Text);
}
