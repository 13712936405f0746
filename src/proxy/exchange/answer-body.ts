// The body of an answer of a bound host on its way to the child: decoded, judged by how it begins, looked through.
import type { Transform } from "node:stream";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";
import { judgeStart } from "../scrub/body-start.ts";
import { openCodedWatch } from "../scrub/coded-watch.ts";
import { openDecoders } from "../scrub/content-coding.ts";
import type { AnswerScrub } from "../scrub/scrub.ts";

export interface BodySink {
  /** Takes one piece, in parts. False where more has to wait for `whenDrained`. */
  write(parts: readonly Uint8Array[]): boolean;
  whenDrained(resume: () => void): void;
  /** The body cannot be passed on. Nothing more comes after it. */
  onBroken(refusal: Refusal): void;
}

const EMPTY = new Uint8Array();

/** Whether a body that is all there is what it looks like, and need not go through stages. */
export function isPlain(codings: readonly string[], body: Uint8Array): boolean {
  return codings.length === 0 && judgeStart(body, true).kind === "plain";
}

export class AnswerBody {
  readonly #codings: readonly string[];
  readonly #scrub: AnswerScrub;
  readonly #sink: BodySink;
  #decoders: readonly Transform[] | undefined;
  /** The first bytes, until there are enough of them to tell what they begin. */
  #start: Uint8Array | undefined = EMPTY;
  #watch: Transform | undefined;
  #isBroken = false;

  /** @param codings in the order in which they were applied. */
  constructor(codings: readonly string[], scrub: AnswerScrub, sink: BodySink) {
    this.#codings = codings;
    this.#scrub = scrub;
    this.#sink = sink;
  }

  /** Takes bytes as they came. False stops them until `resume` is called. */
  write(chunk: Uint8Array, resume: () => void): boolean {
    this.#decoders ??= this.#openDecoders(chunk);
    const [first] = this.#decoders;
    return first === undefined ? this.#read(chunk, resume) : feed(first, chunk, resume);
  }

  /** @param onEnd is called when all but what is held has gone out. */
  end(onEnd: () => void): void {
    const [first, last] = [this.#decoders?.[0], this.#decoders?.at(-1)];
    if (first === undefined || last === undefined) {
      this.#endRead(onEnd);
      return;
    }
    last.once("end", () => { this.#endRead(onEnd); });
    first.end();
  }

  destroy(): void {
    this.#isBroken = true;
    for (const stage of [...(this.#decoders ?? []), ...(this.#watch === undefined ? [] : [this.#watch])]) stage.destroy();
  }

  #openDecoders(first: Uint8Array): readonly Transform[] {
    const decoders = openDecoders(this.#codings, first);
    for (const [index, decoder] of decoders.entries()) {
      decoder.on("error", () => { this.#break("could not be decoded"); });
      const next = decoders[index + 1];
      if (next !== undefined) decoder.pipe(next);
    }
    const last = decoders.at(-1);
    last?.on("data", (chunk: Uint8Array) => {
      if (!this.#read(chunk, () => last.resume())) last.pause();
    });
    return decoders;
  }

  /** Takes bytes of the body itself. */
  #read(chunk: Uint8Array, resume: () => void): boolean {
    if (this.#isBroken) return true;
    if (this.#start === undefined) return this.#watch === undefined ? this.#pass(chunk, resume) : feed(this.#watch, chunk, resume);
    return this.#begin(this.#start.length === 0 ? chunk : Buffer.concat([this.#start, chunk]), false, resume);
  }

  #begin(first: Uint8Array, isAll: boolean, resume: () => void): boolean {
    const start = judgeStart(first, isAll);
    this.#start = start.kind === "open" ? first : undefined;
    if (start.kind === "wide") this.#break("is in a charset that cannot be looked through");
    if (start.kind !== "coded") return start.kind !== "plain" || this.#pass(first, resume);
    const watch = openCodedWatch(start.coding, first, this.#scrub.openInside());
    this.#watch = watch;
    watch.on("error", () => { this.#break("has a value in it that is compressed, and cannot be taken out"); });
    watch.on("data", (chunk: Uint8Array) => {
      if (!this.#pass(chunk, () => watch.resume())) watch.pause();
    });
    return feed(watch, first, resume);
  }

  #pass(chunk: Uint8Array, resume: () => void): boolean {
    if (this.#isBroken || this.#sink.write(this.#scrub.push(chunk))) return true;
    this.#sink.whenDrained(resume);
    return false;
  }

  #endRead(onEnd: () => void): void {
    if (this.#start !== undefined) this.#begin(this.#start, true, ignore);
    if (this.#isBroken) return;
    if (this.#watch === undefined) onEnd();
    else this.#watch.once("end", onEnd).end();
  }

  #break(how: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#sink.onBroken(makeRefusal("upstream-answer", `the server's answer was dropped; it ${how}`));
  }
}

function feed(stage: Transform, chunk: Uint8Array, resume: () => void): boolean {
  if (stage.write(chunk)) return true;
  stage.once("drain", resume);
  return false;
}

function ignore(): void {
  // Nothing waits for it: the end does not hurry.
}
