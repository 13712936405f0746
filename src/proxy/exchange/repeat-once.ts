// A host that refuses a value that changes (401) is asked once more with the next one, where there is one: once, and never for a request whose body was not held.
import type { Duplex } from "node:stream";
import type { Refusal } from "../grants/refusal.ts";
import type { AnswerListener } from "../upstream/upstream.ts";

export interface RepeatOptions {
  /** Has the values made anew. Never rejects. @returns whether the request would go out with another value. */
  readonly renew: () => Promise<boolean>;
  /** Sends the request again, to be answered to this listener. Undefined where that cannot be. */
  readonly resend: ((listener: AnswerListener) => void) | undefined;
  /** Called where it is not sent again though it cannot be known that there is no other value. */
  readonly note: () => void;
}

const UNAUTHORISED = 401;

/** Stands between the upstream and the relay until it is clear which answer the child gets. */
export class RepeatOnce implements AnswerListener {
  readonly #relay: AnswerListener;
  readonly #options: RepeatOptions;
  #abort: () => void = () => undefined;
  #isGone = false;
  /** Of an answer that is dropped, or has failed, nothing more is heard. */
  #isOver = false;

  constructor(relay: AnswerListener, options: RepeatOptions) {
    this.#relay = relay;
    this.#options = options;
  }

  onAbortable(abort: () => void): void {
    this.#abort = abort;
    this.#relay.onAbortable(() => {
      this.#isGone = true;
      this.#abort();
    });
  }

  onHead(status: number, headers: readonly Uint8Array[], resume: () => void): boolean {
    if (status !== UNAUTHORISED) return this.#relay.onHead(status, headers, resume);
    const { resend } = this.#options;
    if (resend === undefined) {
      this.#options.note();
      return this.#relay.onHead(status, headers, resume);
    }
    // The parser goes on with its buffer.
    void this.#decide(headers.map((part) => new Uint8Array(part)), resume, resend);
    return false;
  }

  onBody(chunk: Uint8Array): boolean {
    return this.#isOver || this.#relay.onBody(chunk);
  }

  onEnd(trailers: readonly Uint8Array[]): void {
    if (!this.#isOver) this.#relay.onEnd(trailers);
  }

  onSwitch(headers: readonly Uint8Array[], server: Duplex): void {
    this.#relay.onSwitch(headers, server);
  }

  onFailure(refusal: Refusal): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#relay.onFailure(refusal);
  }

  /** The answer waits meanwhile: where there is no other value, it is the child's. */
  async #decide(headers: readonly Uint8Array[], resume: () => void, resend: (listener: AnswerListener) => void): Promise<void> {
    const isOther = await this.#options.renew();
    if (this.#isOver || this.#isGone) return;
    if (!isOther) {
      if (this.#relay.onHead(UNAUTHORISED, headers, resume)) resume();
      return;
    }
    this.#isOver = true;
    this.#abort();
    resend(this.#second());
  }

  /** Whatever comes now is the child's. */
  #second(): AnswerListener {
    const relay = this.#relay;
    return {
      onAbortable: (abort) => {
        this.#abort = abort;
        if (this.#isGone) abort();
      },
      onHead: (status, headers, resume) => relay.onHead(status, headers, resume),
      onBody: (chunk) => relay.onBody(chunk),
      onEnd: (trailers) => { relay.onEnd(trailers); },
      onSwitch: (headers, server) => { relay.onSwitch(headers, server); },
      onFailure: (refusal) => { relay.onFailure(refusal); },
    };
  }
}
