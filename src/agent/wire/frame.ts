// What crosses the agent's socket, in both directions: frames.
//
//   4 bytes  length of all that follows, big-endian
//   4 bytes  length of the body, big-endian
//   body     JSON, UTF-8
//   keys     whole keys of 32 bytes each, up to the frame's end
//
// Why keys stand beside the JSON: as JSON they would become strings, which cannot be wiped.
import { findText, utf8, wipe } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { KEY_BYTES } from "../../vault/key-bytes.ts";

/** What an authenticated peer may send in one frame. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024;
/** What anyone may send: enough for a handshake, too little to fill memory with. */
export const FIRST_FRAME_BYTES_MAX = 4 * 1024;

const LENGTH_BYTES = 4;

export interface Frame {
  readonly body: unknown;
  /** Any number of keys, one behind the other. Whoever holds the frame wipes them. */
  readonly keys: Uint8Array;
}

export const NO_KEYS = new Uint8Array();

/** The frame's bytes, with a copy of the keys in them: wiped by whoever sends them. */
export function encodeFrame({ body, keys }: Frame): Uint8Array {
  const text = utf8(JSON.stringify(body));
  const bytes = new Uint8Array(2 * LENGTH_BYTES + text.length + keys.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - LENGTH_BYTES, false);
  view.setUint32(LENGTH_BYTES, text.length, false);
  bytes.set(text, 2 * LENGTH_BYTES);
  bytes.set(keys, 2 * LENGTH_BYTES + text.length);
  return bytes;
}

/** Cuts a stream of bytes into frames. Holds at most one unfinished frame, in a buffer of the length that was announced and allowed. */
export class FrameReader {
  readonly #length = new Uint8Array(LENGTH_BYTES);
  #lengthAt = 0;
  #content: Uint8Array | undefined;
  #contentAt = 0;

  /**
   * Takes over the chunk and yields the frames that it completes; the chunk is wiped as it is read.
   *
   * @param findLimit asked at the start of each frame, so that the answer to one frame can change what the next may be.
   * @throws VaultError `out-of-bounds` for an announced length beyond the limit, before anything is allocated; `bad-schema`, `bad-json`.
   */
  *read(chunk: Uint8Array, findLimit: () => number): Generator<Frame, void, undefined> {
    for (let at = 0; at < chunk.length; ) {
      at += this.#content === undefined ? this.#readLength(chunk.subarray(at), findLimit) : this.#readContent(this.#content, chunk.subarray(at));
      if (this.#content !== undefined && this.#contentAt === this.#content.length) yield this.#finish(this.#content);
    }
  }

  /** Forgets an unfinished frame. */
  close(): void {
    wipe(this.#content);
    this.#content = undefined;
    this.#lengthAt = 0;
  }

  #readLength(chunk: Uint8Array, findLimit: () => number): number {
    const part = chunk.subarray(0, LENGTH_BYTES - this.#lengthAt);
    this.#length.set(part, this.#lengthAt);
    this.#lengthAt += part.length;
    if (this.#lengthAt === LENGTH_BYTES) {
      const length = uint32At(this.#length, 0);
      if (length > findLimit()) throw new VaultError("out-of-bounds", "a frame is too long");
      this.#content = new Uint8Array(length);
      this.#contentAt = 0;
    }
    return part.length;
  }

  #readContent(content: Uint8Array, chunk: Uint8Array): number {
    const part = chunk.subarray(0, content.length - this.#contentAt);
    content.set(part, this.#contentAt);
    this.#contentAt += part.length;
    wipe(part);
    return part.length;
  }

  #finish(content: Uint8Array): Frame {
    try {
      return parseContent(content);
    } finally {
      this.close();
    }
  }
}

/** JSON.parse quotes its input in its messages, so those go no further. */
function parseContent(content: Uint8Array): Frame {
  const bodyLength = content.length < LENGTH_BYTES ? Number.POSITIVE_INFINITY : uint32At(content, 0);
  const bodyEnd = LENGTH_BYTES + bodyLength;
  if (bodyEnd > content.length || (content.length - bodyEnd) % KEY_BYTES !== 0) throw new VaultError("bad-schema", "a frame's lengths do not agree");
  const text = findText(content.subarray(LENGTH_BYTES, bodyEnd));
  try {
    return { body: JSON.parse(text ?? "") as unknown, keys: content.slice(bodyEnd) };
  } catch {
    throw new VaultError("bad-json", "a frame holds no JSON");
  }
}

function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, false);
}
