// What programs send and receive through a broker: much of it, byte for byte, and at once.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, HANDLE, openBrokerStage } from "../support/broker-stage.ts";
import { cases } from "../support/cases.ts";
import { survive } from "../support/raw-sockets.ts";
import { makeTestCa } from "../support/test-ca.ts";

const BYTES = cases(32, 100) * 1024 * 1024;
const ca = makeTestCa();
let stage: BrokerStage;
let brokers: readonly { readonly name: string; readonly broker: RunningBroker; readonly flags: readonly string[] }[];
let server: Server;
let bound: string;
let uploaded: string[];
let keys: string[];
beforeAll(async () => {
  stage = await openBrokerStage();
  uploaded = [];
  keys = [];
  server = createServer(ca.identityFor("localhost"), (request, response) => {
    keys.push(request.headers["x-api-key"] as string);
    if (request.url === "/download") {
      const chunk = readFileSync(join(stage.owner.folder, "block"));
      response.writeHead(200, { "Content-Length": BYTES });
      const writeMore = (left: number): void => {
        if (left === 0) response.end();
        else if (response.write(chunk)) writeMore(left - chunk.length);
        else response.once("drain", () => { writeMore(left - chunk.length); });
      };
      writeMore(BYTES);
      return;
    }
    const hash = createHash("sha256");
    request.on("data", (part: Buffer) => hash.update(part)).on("end", () => {
      uploaded.push(hash.digest("hex"));
      response.end("done\n");
    });
  });
  server.on("upgrade", (request, socket: Duplex) => {
    keys.push(request.headers["x-api-key"] as string);
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    survive(socket).write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from("hello")]));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  bound = `localhost:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(stage.owner.folder, "bulk.pem"), ca.certificate);
  const block = randomBytes(1024 * 1024);
  writeFileSync(join(stage.owner.folder, "block"), block);
  writeFileSync(join(stage.runnerFolder, "upload"), Buffer.concat(Array.from({ length: BYTES / block.length }, () => block)));
  writeFileSync(join(stage.runnerFolder, "root.pem"), ca.certificate);
  stage.owner.vault(["secrets", "create", "BULK_KEY", "--host", bound, "--allow-private"], stage.value);
  const more = ["--upstream-ca", join(stage.owner.folder, "bulk.pem")];
  const plain = await stage.serve({ flags: more });
  const secure = await stage.serve({ flags: more, tls: ca.identityFor("localhost"), host: "localhost" });
  brokers = [{ name: "plain", broker: plain, flags: [] }, { name: "TLS", broker: secure, flags: ["--broker-ca", join(stage.runnerFolder, "root.pem")] }];
  await stage.introduce(plain, HANDLE);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await stage.close();
});

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe.each([0, 1])("through a broker (0: plain, 1: TLS): %i", (which) => {
  const run = async (script: string, more: readonly string[] = []) => {
    const { broker, flags } = brokers[which] ?? { broker: { url: "" }, flags: [] };
    return endOf(stage.run(broker, script, [...flags, ...more]));
  };

  it(`${BYTES / 1024 / 1024} MiB go up and come down, byte for byte, to a slow reader too`, async () => {
    uploaded.length = 0;
    const { status, output } = await run(`curl -sS -H "x-api-key: $BULK_KEY" -T upload https://${bound}/upload && curl -sS -H "x-api-key: $BULK_KEY" https://${bound}/download | sha256sum && curl -sS -H "x-api-key: $BULK_KEY" -H "connection: close" https://${bound}/download | { sleep 1; sha256sum; }`);
    const whole = sha256(readFileSync(join(stage.runnerFolder, "upload")));
    expect([status, output]).toEqual([0, `done\n${whole}  -\n${whole}  -\n`]);
    expect(uploaded).toEqual([whole]);
  });

  it("fifty connections at once", async () => {
    keys.length = 0;
    const { status, output } = await run(`for i in $(seq 50); do curl -sS -H "x-api-key: $BULK_KEY" https://${bound}/ & done; wait`);
    expect([status, output]).toEqual([0, "done\n".repeat(50)]);
    expect(keys).toEqual(Array.from({ length: 50 }, () => stage.value));
  });

  it("a WebSocket", async () => {
    keys.length = 0;
    const { output } = await run(`curl -sS -N --http1.1 --max-time 3 -H "x-api-key: $BULK_KEY" -H "Connection: Upgrade" -H "Upgrade: websocket" -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" https://${bound}/socket | head -c 7 | tail -c 5`);
    expect(output).toContain("hello");
    expect(keys).toEqual([stage.value]);
  });
});
