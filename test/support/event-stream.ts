// Server-sent events through the proxy of `vault run`. Sender and reader are one process, so one clock measures both; the proxy is another.
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createGzip } from "node:zlib";
import { expect } from "vitest";
import { openProxied } from "./proxied-request.ts";
import { openRunningVault } from "./running-vault.ts";
import { makeSelfSigned } from "./self-signed.ts";

const VALUE = "sk-live-Zx81~qT/7+hN3vWc0pLr";
const EVENTS = 4;

/** What is sent, and how: its path at the server, each event's text, and whether the first is sent together with the head. */
export type EventKind = readonly [what: string, path: string, textOf: (index: number) => string, isFirstWithHead: boolean];

const plain = (index: number): string => `data: {"number":${index}}\n\n`;

export const EVENT_KINDS: readonly EventKind[] = [
  ["plain", "/", plain, false],
  ["the first together with the head", "/", plain, true],
  ["gzip-coded and flushed", "/gzip", plain, false],
  ["with the value in it", "/", (index) => `data: ${index} ${VALUE}\n\n`, false],
  ["shorter than the value", "/", () => ":\n\n", false],
];

export interface EventStage {
  /** Sends events one by one, each when the one before has arrived. @returns how many milliseconds each was on its way. */
  measure(kind: EventKind): Promise<number[]>;
  close(): Promise<void>;
}

interface EventStream {
  send(text: string): void;
  end(): void;
}

export async function openEventStage(): Promise<EventStage> {
  const { certificate, key } = makeSelfSigned("localhost");
  let onStream: (stream: EventStream) => void = () => undefined;
  const server = createServer({ key, cert: certificate }, (request, response) => {
    onStream(request.url === "/gzip" ? openGzip(response) : openPlain(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  const vault = await openRunningVault({ value: VALUE, hosts: [host], places: "header", upstreamCertificate: certificate });
  return {
    async measure([, path, textOf, isFirstWithHead]) {
      const sentMs: number[] = [];
      const sendAt = (stream: EventStream, index: number): void => {
        sentMs[index] = performance.now();
        stream.send(textOf(index));
      };
      const opened = new Promise<EventStream>((resolve) => (onStream = (stream) => {
        // In the same turn as the head, so that both may arrive in one piece.
        if (isFirstWithHead) sendAt(stream, 0);
        resolve(stream);
      }));
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
        await expect.poll(() => arrivedMs.length, { interval: 1 }).toBeGreaterThan(index);
      }
      stream.end();
      await new Promise((resolve) => response.once("end", resolve));
      expect(text).toBe(Array.from({ length: EVENTS }, (_, index) => textOf(index)).join("").replaceAll(VALUE, vault.placeholder));
      socket.destroy();
      return arrivedMs.map((ms, index) => ms - (sentMs[index] ?? 0));
    },
    async close() {
      await vault.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

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
