// The answer to one request of the child's, as it is written to the connection (RFC 9112 sections 4 to 7). Whoever answers says what the body is; how it is framed is settled here.
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { latin1Text } from "../../bytes.ts";
import { BodyWriter } from "./body-writer.ts";
import { isField } from "./raw-head.ts";

export interface AnswerOptions {
  /** Of the request: to a HEAD no body is written, whatever the head says of one. */
  readonly method: string;
  readonly httpVersion: "1.0" | "1.1";
  /** Whether the child wants the connection kept. */
  readonly keepsAlive: boolean;
  /** The answer is out, all of it. */
  readonly onFinished: () => void;
  /** Gives the connection up. */
  readonly handOver: () => Duplex;
}

/** What follows a head: nothing, so many bytes, or what comes until it ends. */
export type AnswerBody = { readonly kind: "none" } | { readonly kind: "some"; readonly lengthBytes: number | undefined };

/** Clients' pools keep connections for a minute or two; whoever closes first loses the race with the next request. */
export const KEEP_ALIVE_SECONDS = 130;
/** Beyond this a body is not copied to go out with its head. */
const JOINED_BYTES_MAX = 16_384;

export class ChildResponse {
  readonly #socket: Duplex;
  readonly #options: AnswerOptions;
  #keepsAlive: boolean;
  /** Made and not yet written: it goes out with what comes first behind it. */
  #head = "";
  #isChunked = false;
  /** Of a body that comes in pieces. */
  #body: BodyWriter | undefined;
  /** Whether the child can tell where the body ends. */
  #isMeasured = false;
  #isStarted = false;
  #isFinished = false;
  #onGone: (() => void) | undefined;
  #onDrain: (() => void) | undefined;

  constructor(socket: Duplex, options: AnswerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#keepsAlive = options.keepsAlive;
  }

  /** From here on there is no other answer. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Whether nothing more can be said: all is out, or the child has hung up. */
  get isOver(): boolean {
    return this.#isFinished || this.#socket.destroyed;
  }

  get keepsAlive(): boolean {
    return this.#keepsAlive;
  }

  /** The connection ends behind this answer. */
  endConnection(): void {
    this.#keepsAlive = false;
  }

  /** Tells the child to send its body (RFC 9110 section 15.2.1). */
  askForBody(): void {
    if (!this.#isStarted && !this.isOver) this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
  }

  /**
   * Begins the answer. Framing is not among the headers, but for that of a body that is not there (HEAD, 304).
   *
   * @param headers names and values alternate.
   * @returns false where a header is none that may be written. Nothing has begun then.
   */
  start(status: number, headers: readonly string[], body: AnswerBody): boolean {
    const isUnmeasured = body.kind === "some" && body.lengthBytes === undefined;
    const isChunked = isUnmeasured && this.#options.httpVersion === "1.1";
    // HTTP/1.0 knows the end of such a body by the end of the connection alone.
    if (isUnmeasured && !isChunked) this.#keepsAlive = false;
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
    for (let at = 0; at < headers.length; at += 2) {
      const [name = "", value = ""] = [headers[at], headers[at + 1]];
      if (!isField(name, value)) return false;
      head += `${name}: ${value}\r\n`;
    }
    head += this.#keepsAlive ? `connection: keep-alive\r\nkeep-alive: timeout=${KEEP_ALIVE_SECONDS}\r\n` : "connection: close\r\n";
    if (isChunked) head += "transfer-encoding: chunked\r\n";
    else if (body.kind === "some" && body.lengthBytes !== undefined) head += `content-length: ${body.lengthBytes}\r\n`;
    this.#head = `${head}\r\n`;
    this.#isChunked = isChunked;
    this.#isMeasured = isChunked || !isUnmeasured;
    this.#isStarted = true;
    return true;
  }

  /** Sends the head by itself, for a body that may be long in coming. */
  flushHead(): void {
    if (this.#head === "" || this.isOver) return;
    this.#socket.write(this.#takeHead(), "latin1");
  }

  /** Writes a piece of the body: one chunk, of however many parts. @returns false where the child is slow: `onDrain` tells when it has caught up. */
  write(...parts: readonly Uint8Array[]): boolean {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (this.isOver || length === 0 || this.#options.method === "HEAD") return true;
    this.#body ??= new BodyWriter(this.#socket, this.#isChunked);
    return this.#body.write(this.#takeHead(), parts, length);
  }

  /** @param trailers names and values alternate; only a body in chunks has any. Those that may not be written are left out. */
  end(trailers: readonly string[] = []): void {
    if (this.isOver) return;
    this.#body?.flush();
    let last = this.#takeHead();
    if (this.#isChunked && this.#options.method !== "HEAD") last += `0\r\n${fieldsOf(trailers)}\r\n`;
    if (last !== "") this.#socket.write(last, "latin1");
    this.#finish();
  }

  /** Ends with a body that is all there is: the one that `start` announced. In one write where it is short. */
  endWith(body: Uint8Array): void {
    if (this.isOver) return;
    if (body.length > JOINED_BYTES_MAX || this.#isChunked || this.#options.method === "HEAD") {
      this.write(body);
      this.end();
      return;
    }
    this.#socket.write(this.#takeHead() + latin1Text(body), "latin1");
    this.#finish();
  }

  /**
   * Ends the connection behind a part of an answer, which must not look whole. Where its length or its last chunk will be missed, the child gets to read
   * what there is; where the end of the connection is the end of the body, the connection is broken off.
   */
  cut(): void {
    if (this.isOver) return;
    this.#keepsAlive = false;
    this.#head = "";
    this.#body?.flush();
    if (this.#isMeasured) this.#finish();
    else this.#socket.destroy();
  }

  /** Breaks the connection off. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** For another protocol, which the answer has been: the connection is the caller's from here on. */
  release(): Duplex {
    this.#isFinished = true;
    return this.#options.handOver();
  }

  /** @param onGone the child has hung up before the answer was out. */
  whenGone(onGone: () => void): void {
    this.#onGone = onGone;
  }

  /** @param onDrain is called once. */
  whenDrained(onDrain: () => void): void {
    this.#onDrain = onDrain;
  }

  /** Of the connection: it is closed. */
  hearGone(): void {
    if (!this.#isFinished) this.#onGone?.();
  }

  /** Of the connection: it has room again. */
  hearDrain(): void {
    const onDrain = this.#onDrain;
    this.#onDrain = undefined;
    onDrain?.();
  }

  #takeHead(): string {
    const head = this.#head;
    this.#head = "";
    return head;
  }

  #finish(): void {
    this.#isFinished = true;
    this.#options.onFinished();
  }
}

function fieldsOf(fields: readonly string[]): string {
  let text = "";
  for (let at = 0; at < fields.length; at += 2) {
    const [name = "", value = ""] = [fields[at], fields[at + 1]];
    if (isField(name, value)) text += `${name}: ${value}\r\n`;
  }
  return text;
}
