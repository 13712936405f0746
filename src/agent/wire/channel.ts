// Frames over a pair of streams: a socket's two directions, or a child's stdin and stdout.
import type { Readable, Writable } from "node:stream";
import { wipe } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { Frame } from "./frame.ts";
import { encodeFrame, FIRST_FRAME_BYTES_MAX, FRAME_BYTES_MAX, FrameReader } from "./frame.ts";

/**
 * Asks and answers in turn. Nothing is read ahead of `receive`, so a peer that sends without listening is left to wait.
 * Whatever goes wrong with the peer (gone, silent, malformed) looks the same: the channel is closed, and `receive` gives undefined.
 */
export class Channel {
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #frames: AsyncGenerator<Frame, void, undefined>;
  #limitBytes = FIRST_FRAME_BYTES_MAX;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
    this.#frames = readFrames(input, () => this.#limitBytes);
    // Without a listener an error would end the process; `receive` and `send` tell of it in their way.
    input.on("error", ignore);
    output.on("error", ignore);
  }

  /** For a peer that has proved itself. */
  allowLongFrames(): void {
    this.#limitBytes = FRAME_BYTES_MAX;
  }

  /** The next frame, or undefined once there will be none. Closes the channel when none comes in time. */
  async receive(timeoutMs?: number): Promise<Frame | undefined> {
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => { this.close(); }, timeoutMs);
    try {
      const next = await this.#frames.next();
      return next.done === true ? undefined : next.value;
    } catch {
      this.close();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends and wipes what was sent, the frame's own keys included. Resolves when the system has taken it, or when the peer is gone. */
  async send(frame: Frame): Promise<void> {
    const bytes = encodeFrame(frame);
    wipe(frame.keys);
    await new Promise<void>((resolve) => { this.#output.write(bytes, () => { resolve(); }); });
    wipe(bytes);
  }

  /** Hangs up, and forgets what has come in. Safe to call twice. */
  close(): void {
    this.#input.destroy();
    this.#output.destroy();
    this.#frames.return().catch(ignore);
  }
}

async function* readFrames(input: Readable, findLimit: () => number): AsyncGenerator<Frame, void, undefined> {
  const reader = new FrameReader();
  try {
    for await (const chunk of input) yield* reader.read(requireBytes(chunk), findLimit);
  } finally {
    reader.close();
  }
}

function requireBytes(chunk: unknown): Uint8Array {
  if (!(chunk instanceof Uint8Array)) throw new VaultError("bad-schema", "not a stream of bytes");
  return chunk;
}

function ignore(): void {
  // Said where the listener is added.
}
