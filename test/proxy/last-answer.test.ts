// An answer that ends the connection reaches a child that is still sending: to close on bytes that nobody has read is to reset the connection,
// and with it goes what the child had not read yet (RFC 9112 section 9.6).
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { openStage } from "../support/attack-stage.ts";
import { collect, openSecure, parseReply } from "../support/proxy-child.ts";
import { connect } from "../support/raw-sockets.ts";

const BODY = Buffer.alloc(1 << 16, "x");
const PARTS = 200;
/** Long enough for the answer, and a reset behind it, to be there. */
const DEAF_MS = 200;

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** Sends a head and far more body than any buffer takes, and listens only then, as programs do that write first and read afterwards. */
async function sendFirst(socket: Socket, ...head: readonly string[]): Promise<number> {
  const answer = collect(socket);
  socket.pause();
  socket.write([...head, `Content-Length: ${PARTS * BODY.length}`, "", ""].join("\r\n"));
  for (let part = 0; part < PARTS; part += 1) socket.write(BODY);
  await sleep(DEAF_MS);
  socket.resume();
  const { status } = parseReply(await answer.read());
  socket.destroy();
  return status;
}

function openPort(): Socket {
  const socket = connect(stage.run.proxy.port, "127.0.0.1");
  return socket.on("error", () => socket.destroy());
}

it("of the proxy's port", async () => {
  expect(await sendFirst(openPort(), "POST http://plain.example.test/ HTTP/1.1", "Host: plain.example.test")).toBe(407);
});

it.each([
  ["a request that is malformed", 400, ["Content-Length: +5"]],
  ["an expectation that cannot be met", 417, ["Expect: something-else"]],
  ["another host", 421, ["Host: evil.example.test", "Connection: close"]],
] as const)("to %s", async (_what, status, lines) => {
  const socket = await openSecure(stage.run.proxy, stage.host);
  const host = lines.some((line) => line.startsWith("Host:")) ? [] : [`Host: ${stage.host}`];
  expect(await sendFirst(socket, "POST / HTTP/1.1", ...host, ...lines)).toBe(status);
});
