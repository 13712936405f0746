// One connection of the child's: requests are read one at a time, and the next when the answer to the last is out (RFC 9112 section 9.3). What the child
// sends ahead waits in the connection; nobody looks at it before its turn, so that requests cannot overtake each other on the way up.
import type { Duplex } from "node:stream";
import { openBodyReader } from "./body-reader.ts";
import type { ChildBody, ChildRequest, Expectation } from "./child-request.ts";
import { RequestBody } from "./child-request.ts";
import { ChildResponse, KEEP_ALIVE_SECONDS } from "./child-response.ts";
import { endGently } from "./connection-end.ts";
import type { BodyReader, Framing } from "./framing.ts";
import { parseFraming } from "./framing.ts";
import type { RawHead } from "./raw-head.ts";
import { HEAD_BYTES_MAX, isHopeless, parseRawHead, tokensOf, valuesOf } from "./raw-head.ts";
import { writeRefusal } from "./refusal-answer.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";

/** What a connection needs of the exchange that it has begun: to end it where the request's body turns out malformed. */
export interface OpenExchange {
  readonly refuse: (refusal: Refusal) => void;
}

/** What is done with what comes on a connection. */
export interface ConnectionUse {
  /** How long a request's head may take. */
  readonly headMs: number;
  /** How long a connection may wait for its next request. Absent: as long as clients' pools keep one. */
  readonly idleMs?: number;
  /** Undefined where the request was answered otherwise. */
  readonly serve: (request: ChildRequest, response: ChildResponse) => OpenExchange | undefined;
  /** Whether requests to change the protocol are served. Otherwise the wish is left out of account, and the request answered. */
  readonly servesSwitches: boolean;
  /**
   * Takes the connection over behind the head of a CONNECT, with what the child has sent behind it put back. Where it does not, and says so with false, and without it, a
   * CONNECT is a request like others.
   */
  readonly connect?: (head: RawHead, takeOver: () => Duplex) => boolean;
  /** Tells the audit log of a request that never became one, and returns its id. */
  readonly onMalformed: (refusal: Refusal) => string;
}

/** `body`: the request is being served, and its body is still coming. `answer`: all of it is here, and its answer is not out. `over`: nothing is read any more, or by somebody else. */
type Phase = "head" | "body" | "answer" | "over";

/** What a child may send ahead of its turn before it has to wait. */
const AHEAD_BYTES_MAX = 65_536;
/** After an early answer, the rest of a request's body is read and dropped for so long. */
const DRAIN_MS = 5_000;
/** Whoever speaks something else than HTTP shows it at once. */
const LOOKED_AT_EARLY_BYTES = 1_024;
const HEAD_END = Buffer.from("\r\n\r\n");
const EMPTY = Buffer.alloc(0);
const NO_BODY: ChildBody = { kind: "none" };
const [CR, LF] = [0x0d, 0x0a];

export class ChildConnection {
  readonly #socket: Duplex;
  readonly #use: ConnectionUse;
  #phase: Phase = "head";
  /** Not read yet. */
  #ahead: Buffer = EMPTY;
  #reader: BodyReader | undefined;
  #body: RequestBody | undefined;
  #response: ChildResponse | undefined;
  #exchange: OpenExchange | undefined;
  #isAdvancing = false;
  /** When the connection is given up if nothing changes, by `performance.now()`. */
  #deadline: number;
  readonly #listeners: Readonly<Record<"data" | "drain" | "end" | "close", (chunk: Buffer) => void>>;

  /** @param socket from which nothing has been read. */
  constructor(socket: Duplex, use: ConnectionUse) {
    this.#socket = socket;
    this.#use = use;
    this.#deadline = performance.now() + use.headMs;
    this.#listeners = {
      data: (chunk) => { this.#onData(chunk); },
      drain: () => { this.#onDrain(); },
      end: () => { this.#onEnd(); },
      close: () => { this.#onClose(); },
    };
    for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener);
  }

  /** Whether there is nothing left to look after: the connection is closed, or somebody else's. */
  get isOver(): boolean {
    return this.#phase === "over";
  }

  /** Ends what has taken too long. To be called now and then. */
  checkTime(now: number): void {
    if (this.#phase === "over" || now < this.#deadline) return;
    if (this.#phase === "head" && this.#ahead.length > 0) this.#refuse(makeRefusal("timeout", "the request's head took too long"));
    else this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#phase === "over") return;
    if (this.#phase === "head" && this.#ahead.length === 0) this.#deadline = performance.now() + this.#use.headMs;
    this.#ahead = this.#ahead.length === 0 ? chunk : Buffer.concat([this.#ahead, chunk]);
    this.#advance();
    if (this.#ahead.length > AHEAD_BYTES_MAX) this.#socket.pause();
  }

  #onDrain(): void {
    this.#response?.hearDrain();
    this.#advance();
  }

  #onClose(): void {
    this.#phase = "over";
    this.#body?.destroy();
    this.#response?.hearGone();
  }

  /** The child's half is closed. Most that do that are gone altogether, so nothing is left to go on for. */
  #onEnd(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    if (this.#response === undefined) this.#socket.end();
    else this.#socket.destroy();
  }

  /** Reads as far as what has come allows. */
  #advance(): void {
    // An answer that is out at once asks for the next request while this one is being served.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#ahead.length > 0 && this.#readOn());
    this.#isAdvancing = false;
    if (this.#ahead.length <= AHEAD_BYTES_MAX && this.#socket.isPaused() && this.#phase !== "over" && !this.#isFull()) this.#socket.resume();
  }

  /** Whether the body's reader has more than it wants. */
  #isFull(): boolean {
    return this.#phase === "body" && this.#body?.isFull === true && !this.#body.destroyed;
  }

  /** @returns whether there may be more to do. */
  #readOn(): boolean {
    switch (this.#phase) {
      case "head":
        // A child that does not read its answers gets no further ones.
        return !this.#socket.writableNeedDrain && this.#readHead();
      case "body":
        return this.#readBody();
      case "answer":
      case "over":
        return false;
    }
  }

  #readHead(): boolean {
    let from = 0;
    // RFC 9112 section 2.2: an empty line before a request counts for nothing.
    while (this.#ahead[from] === CR && this.#ahead[from + 1] === LF) from += 2;
    if (from > 0) this.#ahead = this.#ahead.subarray(from);
    const end = this.#ahead.indexOf(HEAD_END);
    if ((end < 0 ? this.#ahead.length : end) > HEAD_BYTES_MAX) {
      this.#refuse(makeRefusal("header-limit", `a request's head may have ${HEAD_BYTES_MAX} bytes at most`));
      return false;
    }
    if (end < 0) {
      if (isHopeless(this.#ahead.toString("latin1", 0, LOOKED_AT_EARLY_BYTES))) this.#refuse(makeRefusal("bad-request", "the request is not valid HTTP/1.1"));
      return false;
    }
    const outcome = parseRawHead(this.#ahead.toString("latin1", 0, end + 2));
    this.#ahead = this.#ahead.subarray(end + HEAD_END.length);
    if (outcome.kind === "refuse") this.#refuse(outcome.refusal);
    else if (outcome.head.method !== "CONNECT" || this.#use.connect?.(outcome.head, () => this.#handOver()) !== true) this.#open(outcome.head);
    return true;
  }

  #open(head: RawHead): void {
    const framed = parseFraming(head);
    if (framed.kind === "refuse") {
      this.#refuse(framed.refusal);
      return;
    }
    const wishes = tokensOf(valuesOf(head, "connection"));
    const expectation = this.#expectationOf(head, wishes);
    const keepsAlive = expectation !== "switch" && (head.httpVersion === "1.1" ? !wishes.includes("close") : wishes.includes("keep-alive"));
    const body = this.#openBody(framed.framing);
    const stream = body.kind === "stream" ? body.stream : undefined;
    const response = new ChildResponse(this.#socket, {
      method: head.method,
      httpVersion: head.httpVersion,
      keepsAlive,
      onFinished: () => { this.#onAnswered(); },
      handOver: () => this.#handOver(),
    });
    this.#body = stream;
    this.#response = response;
    this.#deadline = Infinity;
    this.#phase = stream === undefined ? "answer" : "body";
    this.#exchange = undefined;
    const exchange = this.#use.serve({ head, expectation, body }, response);
    if (this.#response === response) this.#exchange = exchange;
  }

  #expectationOf(head: RawHead, wishes: readonly string[]): Expectation {
    if (this.#use.servesSwitches && wishes.includes("upgrade") && head.names.includes("upgrade")) return "switch";
    const expected = valuesOf(head, "expect");
    if (expected.length === 0 || head.httpVersion === "1.0") return "answer";
    return expected.join().toLowerCase() === "100-continue" ? "continue" : "unknown";
  }

  #openBody(framing: Framing): ChildBody {
    if (framing.kind === "none") return NO_BODY;
    if (framing.kind === "length" && framing.bytes <= this.#ahead.length) {
      const bytes = this.#ahead.subarray(0, framing.bytes);
      this.#ahead = this.#ahead.subarray(framing.bytes);
      return { kind: "whole", bytes };
    }
    this.#reader = openBodyReader(framing);
    const stream = new RequestBody(() => {
      this.#advance();
    });
    return { kind: "stream", stream };
  }

  #readBody(): boolean {
    const [body, reader] = [this.#body, this.#reader];
    if (body === undefined || reader === undefined || this.#isFull()) return this.#wait();
    const bytes = this.#ahead;
    this.#ahead = EMPTY;
    const read = reader.push(bytes);
    for (const part of read.data) body.add(part);
    if (read.kind === "end") {
      this.#ahead = read.rest;
      this.#endBody(body);
    } else if (read.kind === "refuse") this.#failBody(read.refusal);
    return true;
  }

  #wait(): boolean {
    this.#socket.pause();
    return false;
  }

  #endBody(body: RequestBody): void {
    body.finish();
    if (this.#response === undefined) this.#rest();
    else this.#phase = "answer";
  }

  /** Where a body is malformed, its request's exchange is over, and nothing behind it can be read. */
  #failBody(refusal: Refusal): void {
    this.#phase = "over";
    if (this.#exchange !== undefined) {
      this.#exchange.refuse(refusal);
      return;
    }
    this.#letGo();
    endGently(this.#socket);
  }

  #onAnswered(): void {
    const { keepsAlive } = this.#response ?? { keepsAlive: false };
    this.#response = undefined;
    this.#exchange = undefined;
    if (!keepsAlive || this.#phase === "over") {
      this.#phase = "over";
      this.#letGo();
      endGently(this.#socket);
    } else if (this.#phase === "body") {
      // Answered early: what is left of the body is dropped, within reason.
      this.#body?.destroy();
      this.#deadline = performance.now() + DRAIN_MS;
      this.#advance();
    } else this.#rest();
  }

  /** Waits for the next request. */
  #rest(): void {
    this.#phase = "head";
    this.#body = undefined;
    this.#deadline = performance.now() + (this.#ahead.length > 0 ? this.#use.headMs : (this.#use.idleMs ?? KEEP_ALIVE_SECONDS * 1000));
    this.#advance();
  }

  /** Answers what is no request, as the last of the connection. */
  #refuse(refusal: Refusal): void {
    this.#phase = "over";
    this.#letGo();
    writeRefusal(this.#socket, refusal, this.#use.onMalformed(refusal));
  }

  /** What has come behind the head is put back, for whoever reads the connection from here on. */
  #handOver(): Duplex {
    this.#phase = "over";
    this.#letGo();
    this.#socket.pause();
    if (this.#ahead.length > 0) this.#socket.unshift(this.#ahead);
    this.#ahead = EMPTY;
    return this.#socket;
  }

  #letGo(): void {
    for (const [event, listener] of Object.entries(this.#listeners)) this.#socket.off(event, listener);
  }
}
