// Server-sent events reach the program when they were sent. Sender and reader are one process, so one clock measures both; the proxy is another.
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createGzip } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openProxied } from "../support/proxied-request.ts";
import type { RunningVault } from "../support/running-vault.ts";
import { openRunningVault } from "../support/running-vault.ts";
import { makeSelfSigned } from "../support/self-signed.ts";

const VALUE = "sk-live-Zx81~qT/7+hN3vWc0pLr";
const DELAY_MAX_MS = 100;
/** The best of these counts: a machine that is busy elsewhere is not the proxy's delay. */
const STREAMS = 5;
const EVENTS = 4;

interface EventStream {
  send(text: string): void;
  end(): void;
}

const { certificate, key } = makeSelfSigned("localhost");
let onStream: (stream: EventStream) => void = () => undefined;
const server = createServer({ key, cert: certificate }, (request, response) => {
  onStream(request.url === "/gzip" ? openGzip(response) : openPlain(response));
});
let host: string;
let vault: RunningVault;

function openPlain(response: ServerResponse): EventStream {
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  return { send: (text) => void response.write(text), end: () => void response.end() };
}

function openGzip(response: ServerResponse): EventStream {
  response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" }).flushHeaders();
  const gzip = createGzip();
  gzip.pipe(response);
  return {
    send(text) {
      gzip.write(text);
      gzip.flush();
    },
    end: () => void gzip.end(),
  };
}

/** @returns how long each event was on its way. */
async function measure(path: string, textOf: (index: number) => string, isFirstWithHead: boolean): Promise<number[]> {
  const opened = new Promise<EventStream>((resolve) => (onStream = (stream) => {
    // In the same turn as the head, so that both may arrive in one piece.
    if (isFirstWithHead) sendAt(stream, 0);
    resolve(stream);
  }));
  const sentMs: number[] = [];
  const sendAt = (stream: EventStream, index: number): void => {
    sentMs[index] = performance.now();
    stream.send(textOf(index));
  };
  const { outgoing, answer, socket } = await openProxied(vault, host, { path, headers: { authorization: `Bearer ${vault.placeholder}` } });
  outgoing.end();
  const arrivedMs: number[] = [];
  let text = "";
  const response = await answer;
  response.setEncoding("latin1").on("data", (part: string) => {
    text += part;
    for (let known = arrivedMs.length; known < text.split("\n\n").length - 1; known += 1) arrivedMs.push(performance.now());
  });
  const stream = await opened;
  for (let index = isFirstWithHead ? 1 : 0; index < EVENTS; index += 1) {
    await sleep(20);
    sendAt(stream, index);
    await expect.poll(() => arrivedMs.length, { interval: 1, timeout: 10_000 }).toBeGreaterThan(index);
  }
  stream.end();
  await new Promise((resolve) => response.once("end", resolve));
  expect(text).toBe(Array.from({ length: EVENTS }, (_, index) => textOf(index)).join("").replaceAll(VALUE, vault.placeholder));
  socket.destroy();
  return arrivedMs.map((ms, index) => ms - (sentMs[index] ?? 0));
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `localhost:${(server.address() as AddressInfo).port}`;
  vault = await openRunningVault({ value: VALUE, hosts: [host], places: "header", upstreamCertificate: certificate });
});

afterAll(async () => {
  await vault.close();
  server.closeAllConnections();
  server.close();
});

describe("each event of a stream arrives at once", () => {
  const plain = (index: number): string => `data: {"number":${index}}\n\n`;
  it.each<readonly [string, string, (index: number) => string, boolean]>([
    ["plain", "/", plain, false],
    ["the first together with the head", "/", plain, true],
    ["gzip-coded and flushed", "/gzip", plain, false],
    ["with the value in it", "/", (index) => `data: ${index} ${VALUE}\n\n`, false],
    ["shorter than the value", "/", () => ":\n\n", false],
  ])("%s", async (_what, path, textOf, isFirstWithHead) => {
    const delays: number[][] = [];
    for (let run = 0; run < STREAMS; run += 1) delays.push(await measure(path, textOf, isFirstWithHead));
    for (let index = 0; index < EVENTS; index += 1) expect(Math.min(...delays.map((ofStream) => ofStream[index] ?? Infinity))).toBeLessThan(DELAY_MAX_MS);
  });
});
