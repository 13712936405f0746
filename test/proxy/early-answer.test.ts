// A server may answer before it has the whole body, and close (RFC 9112 section 9.5): an answer that is there is passed on, although the upload fails.
import type { AddressInfo, Socket } from "node:net";
import type { Server } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { collect, openSecure, parseReply } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import { createTlsServer } from "../support/raw-sockets.ts";
import { isInstalled, openRealServer } from "../support/real-servers.ts";
import { makeTestCa } from "../support/test-ca.ts";

const TOO_LARGE = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large";
/** Whether a write or a read fails first is the machine's choice. */
const TRIES = 12;

let close: (socket: Socket) => void;
let server: Server;
let run: TestRun;
let host: string;

beforeAll(async () => {
  const ca = makeTestCa();
  server = createTlsServer({ ...ca.identityFor("api.example.test"), ALPNProtocols: ["http/1.1"] }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => {
      socket.pause();
      close(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `api.example.test:${(server.address() as AddressInfo).port}`;
  run = await openTestRun([makeGrant("API_KEY", [host])], { roots: [ca.certificate] });
});

afterEach(() => {
  close = (socket) => socket.destroy();
});

afterAll(async () => {
  await run.proxy.close();
  server.close();
});

async function upload(proxy = run.proxy, authority = host, bytes = 20_000_000): Promise<string> {
  const secure = await openSecure(proxy, authority);
  const answer = collect(secure);
  secure.write(`POST / HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: ${bytes}\r\n\r\n`);
  secure.write(Buffer.alloc(bytes, "x"));
  const { status, body } = parseReply(await answer.read((raw) => /too large$|[^\r]\n$/.test(raw.slice(raw.indexOf("\r\n\r\n") + 4))));
  secure.destroy();
  return `${status} ${body}`;
}

it.each<readonly [string, (socket: Socket) => void]>([
  ["ends its half", (socket) => void socket.end(TOO_LARGE)],
  ["closes both halves", (socket) => void socket.write(TOO_LARGE, () => socket.destroy())],
])("is passed on where the server %s", async (_how, closing) => {
  close = closing;
  const answers: string[] = [];
  for (let tries = 0; tries < TRIES; tries += 1) answers.push(await upload());
  expect(answers).toEqual(Array.from({ length: TRIES }, () => "413 too large"));
});

it("that is cut short looks so, or is a refusal", async () => {
  close = (socket) => void socket.write(TOO_LARGE.slice(0, -4), () => socket.destroy());
  expect(await upload()).toMatch(/^502 |^413 too l$/);
  close = (socket) => void socket.write("HTTP/1.1 413 Content", () => socket.destroy());
  expect(await upload()).toMatch(/^502 /);
});

it.skipIf(!isInstalled("haproxy")).each([100_000, 3_000_000])("(needs haproxy) is passed on where HAProxy has a buffer for less than the body of %d bytes", async (bytes) => {
  const ca = makeTestCa();
  const real = await openRealServer("haproxy", ca.identityFor("api.example.test"));
  const authority = `api.example.test:${real.port}`;
  const { proxy } = await openTestRun([makeGrant("API_KEY", [authority])], { roots: [ca.certificate] });
  try {
    const answers: string[] = [];
    for (let tries = 0; tries < TRIES; tries += 1) answers.push(await upload(proxy, authority, bytes));
    expect(answers).toEqual(Array.from({ length: TRIES }, () => "200 for /\n"));
  } finally {
    await proxy.close();
    await real.close();
  }
});
