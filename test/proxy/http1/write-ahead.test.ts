import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { expect, it } from "vitest";
import { hasRoom, writeAhead } from "../../../src/proxy/http1/write-ahead.ts";
import { connect, createServer } from "../../support/raw-sockets.ts";

const MIB = 1024 * 1024;

it("a writer goes ahead of a slow connection by some records, not by a body, and hears when all is out", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const writer = writeAhead(connect((server.address() as AddressInfo).port, "127.0.0.1"));
  const [reader] = await accepted;
  const record = Buffer.alloc(16_384, "a");
  let written = 0;
  // What the system takes does not wait.
  for (let mayGoOn = true; mayGoOn; written += record.length) {
    mayGoOn = writer.write(record);
    expect(mayGoOn).toBe(hasRoom(writer));
    if (!writer.writableNeedDrain) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(writer.writableLength).toBeGreaterThan(8 * record.length);
  expect(writer.writableLength).toBeLessThanOrEqual(MIB / 2 + record.length);
  const drained = once(writer, "drain");
  let read = 0;
  reader.on("data", (chunk: Buffer) => (read += chunk.length));
  await drained;
  expect(hasRoom(writer)).toBe(true);
  writer.end("z", "latin1");
  await once(reader, "end");
  expect(read).toBe(written + 1);
  server.close();
});
