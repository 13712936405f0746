// RESP2, the protocol of Redis and Valkey: https://redis.io/docs/latest/develop/reference/protocol-spec/. A client of our own, since a vault needs five commands of it, each sent once and never again by itself
// (only then is a lost answer `unknown`), and answers that are bounded.
import type { Socket } from "node:net";

/** An answer of the kind "error". It comes from outside: it is looked at, and never shown. */
export class RefusedReply {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Reply = null | number | Buffer | string | RefusedReply | readonly Reply[];

type Parsed = { readonly kind: "whole"; readonly reply: Reply; readonly end: number } | { readonly kind: "part"; readonly needed: number };

/** More than the largest page of a list. */
const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const LINE_BYTES_MAX = 64 * 1024;
const ITEMS_MAX = 10_000;
const DEPTH_MAX = 4;
const BUFFER_BYTES = 16 * 1024;

/** The words of one command, as an array of bulk strings. */
export function encodeCommand(words: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === "string" ? Buffer.from(word) : word;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}

/**
 * One reply at `start`. `needed`: how many bytes there must be before another try is worth it.
 *
 * @throws RangeError for what is no reply, or one beyond all bounds.
 */
export function parseReply(bytes: Buffer, start = 0, depth = 0): Parsed {
  const lineEnd = bytes.indexOf("\r\n", start, "latin1");
  if (lineEnd < 0) {
    if (bytes.length - start > LINE_BYTES_MAX) throw new RangeError("a line without an end");
    return { kind: "part", needed: bytes.length + 1 };
  }
  const [sign, line, next] = [bytes.toString("latin1", start, start + 1), bytes.toString("utf8", start + 1, lineEnd), lineEnd + 2];
  if (lineEnd - start > LINE_BYTES_MAX || (bytes.length === start)) throw new RangeError("a long line");
  switch (sign) {
    case "+":
      return { kind: "whole", reply: line, end: next };
    case "-":
      return { kind: "whole", reply: new RefusedReply(line), end: next };
    case ":":
      return { kind: "whole", reply: numberOf(line), end: next };
    case "$": {
      const length = numberOf(line);
      if (length === -1) return { kind: "whole", reply: null, end: next };
      if (length < 0 || length > REPLY_BYTES_MAX) throw new RangeError("a string of a strange length");
      const end = next + length;
      if (bytes.length < end + 2) return { kind: "part", needed: end + 2 };
      if (bytes[end] !== 0x0d || bytes[end + 1] !== 0x0a) throw new RangeError("a string without an end");
      return { kind: "whole", reply: bytes.subarray(next, end), end: end + 2 };
    }
    case "*": {
      const count = numberOf(line);
      if (count === -1) return { kind: "whole", reply: null, end: next };
      if (count < 0 || count > ITEMS_MAX || depth >= DEPTH_MAX) throw new RangeError("an array of a strange length");
      const items: Reply[] = [];
      let at = next;
      while (items.length < count) {
        const item = parseReply(bytes, at, depth + 1);
        if (item.kind === "part") return item;
        items.push(item.reply);
        at = item.end;
      }
      return { kind: "whole", reply: items, end: at };
    }
    default:
      throw new RangeError("no reply");
  }
}

function numberOf(line: string): number {
  if (!/^-?\d{1,15}$/.test(line)) throw new RangeError("no number");
  return Number(line);
}

/** Commands go out in turn, and each gets the next answer that is no message of a subscription. */
export class RespConnection {
  readonly #socket: Socket;
  readonly #onMessage: (reply: readonly Reply[]) => void;
  readonly #waiting: { readonly resolve: (reply: Reply) => void; readonly reject: (error: unknown) => void }[] = [];
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #filled = 0;
  #needed = 1;
  #lost: { readonly error: unknown } | undefined;

  /** @param onMessage of a subscription. */
  constructor(socket: Socket, onMessage: (reply: readonly Reply[]) => void, onLost: () => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    socket.on("data", (chunk: Buffer) => { this.#take(chunk); });
    socket.on("error", (error) => { this.#lose(error); });
    socket.on("close", () => {
      this.#lose(undefined);
      onLost();
    });
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Rejects with what Node said of the socket when the connection is lost, or a RangeError when an answer is none. */
  ask(...words: readonly (string | Uint8Array)[]): Promise<Reply> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost.error instanceof Error ? this.#lost.error : new Error("lost"));
    const answer = new Promise<Reply>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#socket.write(encodeCommand(words));
    return answer;
  }

  close(): void {
    this.#lose(undefined);
  }

  #lose(error: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = { error };
    this.#socket.destroy();
    this.#buffer = Buffer.alloc(0);
    for (const { reject } of this.#waiting.splice(0)) reject(error ?? Object.assign(new Error("lost"), { code: "ECONNRESET" }));
  }

  #take(chunk: Buffer): void {
    if (this.#lost !== undefined) return;
    try {
      this.#room(chunk.length);
      this.#filled += chunk.copy(this.#buffer, this.#filled);
      let at = 0;
      while (this.#filled > at && this.#filled >= this.#needed) {
        const parsed = parseReply(this.#buffer.subarray(at, this.#filled));
        if (parsed.kind === "part") {
          this.#needed = at + parsed.needed;
          break;
        }
        at += parsed.end;
        this.#needed = at + 1;
        this.#hand(parsed.reply);
      }
      if (at === 0) return;
      // What was handed on keeps the old buffer; only the rest moves.
      const rest = this.#buffer.subarray(at, this.#filled);
      this.#buffer = Buffer.allocUnsafe(Math.max(BUFFER_BYTES, rest.length));
      this.#filled = rest.copy(this.#buffer);
      this.#needed -= at;
    } catch (error) {
      this.#lose(error);
    }
  }

  #room(more: number): void {
    const size = this.#filled + more;
    if (size > REPLY_BYTES_MAX + LINE_BYTES_MAX) throw new RangeError("an answer beyond all bounds");
    if (size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(size, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }

  #hand(reply: Reply): void {
    if (Array.isArray(reply) && Buffer.isBuffer(reply[0]) && reply[0].toString("latin1") === "message") {
      this.#onMessage(reply);
      return;
    }
    const first = this.#waiting.shift();
    if (first === undefined) throw new RangeError("an answer to nothing");
    first.resolve(reply);
  }
}
