// How the pieces of a body become chunks: what comes while the connection is still writing is one.
import { expect, it } from "vitest";
import { BodyWriter } from "../../../src/proxy/http1/body-writer.ts";
import { InMemorySocket } from "../../support/in-memory-socket.ts";

/** It takes what it is given, and says that it is out when it is told to. */
class SlowSocket extends InMemorySocket {
  #done: (() => void) | undefined;

  override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
    super._write(chunk, encoding, () => { this.#done = done; });
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "latin1", done);
  }

  async finishWrite(): Promise<void> {
    this.#done?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const piece = (text: string): readonly Uint8Array[] => [Buffer.from(text)];

function openWriter(isChunked: boolean): { readonly socket: SlowSocket; readonly say: (text: string) => boolean; readonly writer: BodyWriter } {
  const socket = new SlowSocket();
  const writer = new BodyWriter(socket, isChunked);
  return { socket, writer, say: (text) => writer.write("", piece(text), text.length) };
}

it("the first piece leaves at once, and those behind it together as soon as it is out", async () => {
  const { socket, say } = openWriter(true);
  for (const text of ["one", "two", "three"]) expect(say(text)).toBe(true);
  expect(socket.written).toBe("3\r\none\r\n");
  await socket.finishWrite();
  expect(socket.written).toBe("3\r\none\r\n8\r\ntwothree\r\n");
  await socket.finishWrite();
  say("four");
  expect(socket.written).toMatch(/three\r\n4\r\nfour\r\n$/);
});

it("without chunks they are as they came", async () => {
  const { socket, say } = openWriter(false);
  for (const text of ["one", "two", "three"]) say(text);
  await socket.finishWrite();
  expect(socket.written).toBe("onetwothree");
});

it("where there is too much, the connection has all of it, and tells when it is out", async () => {
  const { socket, say } = openWriter(false);
  let drained = 0;
  socket.on("drain", () => (drained += 1));
  const text = "x".repeat(100_000);
  let count = 1;
  while (say(text)) count += 1;
  expect(count).toBeLessThan(10);
  expect(socket.writableLength).toBe(count * text.length);
  await socket.finishWrite();
  await socket.finishWrite();
  expect([socket.written.length, drained]).toEqual([count * text.length, 1]);
});

it("what was gathered can be had before anything else is written", () => {
  const { socket, say, writer } = openWriter(true);
  say("one");
  say("two");
  writer.flush();
  socket.write("0\r\n\r\n");
  expect(socket.writableLength).toBe("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n".length);
});

it("of a connection that is gone nothing is heard", () => {
  const { socket, say, writer } = openWriter(true);
  say("one");
  say("two");
  socket.destroy();
  writer.flush();
  expect(socket.written).toBe("3\r\none\r\n");
});
