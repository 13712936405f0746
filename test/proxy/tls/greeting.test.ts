import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { describe, expect, it } from "vitest";
import { readGreeting } from "../../../src/proxy/tls/greeting.ts";
import { connectTls, createServer } from "../../support/raw-sockets.ts";

/** What a client really sends first. */
async function greetingOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connectTls({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", ...options }).on("error", () => undefined);
  const [socket] = (await once(server, "connection")) as [Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

describe("a greeting", () => {
  it.each<[string, ConnectionOptions, string[]]>([
    ["nothing", {}, []],
    ["one", { ALPNProtocols: ["h2"] }, ["h2"]],
    ["several", { ALPNProtocols: ["h2", "http/1.1", "postgresql"], servername: "api.example.com" }, ["h2", "http/1.1", "postgresql"]],
    ["TLS 1.2", { ALPNProtocols: ["imap"], maxVersion: "TLSv1.2" }, ["imap"]],
  ])("says what is to be spoken: %s", async (_name, options, protocols) => {
    const bytes = await greetingOf(options);
    expect(readGreeting(bytes)).toEqual({ kind: "greeting", protocols });
    expect(readGreeting(Buffer.concat([bytes, Buffer.from("more")]))).toEqual({ kind: "greeting", protocols });
    for (let length = 1; length < bytes.length; length += 1) expect(readGreeting(bytes.subarray(0, length)).kind, String(length)).toBe("unfinished");
  });

  it("with anything changed in it is read without harm", async () => {
    const bytes = await greetingOf({ ALPNProtocols: ["h2", "http/1.1"], servername: "api.example.com" });
    for (let at = 0; at < bytes.length; at += 1) {
      for (const value of [0, 0xff, bytes.readUInt8(at) ^ 1]) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(value, at);
        expect(["greeting", "unfinished", "none"]).toContain(readGreeting(changed).kind);
      }
    }
    for (let count = 0; count < 2000; count += 1) readGreeting(Buffer.concat([Buffer.of(0x16, 3, 1, 0, 60, 1), randomBytes(60)]));
  });

  it.each([["\x16\x02", "none"], ["G", "none"], ["\x80", "none"], ["\x16", "unfinished"], ["\x16\x03\x01\0\x05\x02", "greeting"]])("is nothing else: %j", (text, kind) => {
    expect(readGreeting(Buffer.from(text, "latin1")).kind).toBe(kind);
  });
});
