// Placeholders and values do not arrive in one piece: a segment, a TLS record or a chunk ends in the middle of one. Who looks at each piece by itself lets a
// placeholder go upstream, or half a value come back. Here every way to cut one in two or three, each piece in a record of its own, means what the whole means.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { openStage } from "../support/attack-stage.ts";
import { collect, openSecure } from "../support/proxy-child.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { Answer } from "../support/raw-server.ts";
import { plainAnswer } from "../support/raw-server.ts";

/** Fewer than the proxy takes at once. */
const BATCH = 60;

let stage: AttackStage;
let answer: Answer;
beforeAll(async () => {
  stage = await openStage({ answer: (request, socket) => answer(request, socket), grant: { places: ["basic", "body", "header", "path", "query"] } });
});
afterAll(() => stage.close());

/** Every way to cut a text of this length into three, the outer ones at least, so in two as well. */
function cutsOf(length: number): (readonly [number, number])[] {
  return Array.from({ length: length + 1 }, (_none, first) => Array.from({ length: length + 1 - first }, (_other, more) => [first, first + more] as const)).flat();
}

function cut(text: string, at: number, [first, second]: readonly [number, number]): string[] {
  return [text.slice(0, at + first), text.slice(at + first, at + second), text.slice(at + second)].filter((piece) => piece !== "");
}

/** Sends requests piece by piece, as many behind each other on a connection as the proxy takes, and reads as many answers. Chunk framing is left out of what comes of it. */
async function sendAll(requests: readonly (readonly string[])[]): Promise<{ readonly raw: string; readonly sent: string }> {
  const before = stage.server.received().length;
  let raw = "";
  for (let from = 0; from < requests.length; from += BATCH) {
    const batch = requests.slice(from, from + BATCH);
    const secure = await openSecure(stage.run.proxy, stage.host);
    try {
      const collected = collect(secure);
      for (const pieces of batch) for (const piece of pieces) secure.write(piece, "latin1");
      raw += await collected.read((all) => count(all, "HTTP/1.1 200 ") === batch.length && count(all, "!") === batch.length);
    } finally {
      secure.destroy();
    }
  }
  return { raw: joinChunks(raw), sent: joinChunks(stage.server.received().slice(before)) };
}

const joinChunks = (text: string): string => text.replace(/\r\n[0-9a-f]+\r\n(?!\r\n)/g, "");
const count = (text: string, part: string): number => text.split(part).length - 1;
const head = (start: string, ...lines: readonly string[]): string => [`${start} HTTP/1.1`, `Host: ${stage.host}`, ...lines, "", ""].join("\r\n");
const asChunks = (pieces: readonly string[]): string[] => [...pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`), "0\r\n\r\n"];

describe("a placeholder cut in three anywhere becomes the value", () => {
  const places: readonly (readonly [string, (placeholder: string, cuts: readonly [number, number]) => string[], string])[] = [
    ["in a header", (placeholder, cuts) => cut(head("GET /", `X-Api-Key: ${placeholder}`), head("GET /", "X-Api-Key: ").length - 4, cuts), `X-Api-Key: ${VALUE}\r\n`],
    ["in the path", (placeholder, cuts) => cut(head(`GET /${placeholder}/x`), "GET /".length, cuts), `GET /${encodeURIComponent(VALUE)}/x HTTP`],
    ["in the query", (placeholder, cuts) => cut(head(`GET /?key=${placeholder}`), "GET /?key=".length, cuts), `GET /?key=${encodeURIComponent(VALUE)} HTTP`],
    ["in a body with a length", (placeholder, cuts) => [head("POST /", "Content-Type: text/plain", `Content-Length: ${placeholder.length + 2}`), ...cut(`\n${placeholder}\n`, 1, cuts)], `\r\n\r\n\n${VALUE}\n`],
    ["in chunks", (placeholder, cuts) => [head("POST /", "Content-Type: application/json", "Transfer-Encoding: chunked"), ...asChunks(cut(`"${placeholder}"`, 1, cuts))], `"${VALUE}"`],
  ];
  it.each(places)("%s", async (_where, write, expected) => {
    answer = () => plainAnswer("!");
    const { placeholder } = stage.grant;
    const requests = cutsOf(placeholder.length).map((cuts) => write(placeholder, cuts));
    const { raw, sent } = await sendAll(requests);
    expect(count(raw, "HTTP/1.1 200 ")).toBe(requests.length);
    expect(count(sent, expected)).toBe(requests.length);
    expect(count(sent, placeholder.slice(0, 12))).toBe(0);
  });
});

describe("a value cut in three anywhere comes back as the placeholder", () => {
  it.each<[string, (pieces: readonly string[]) => string[]]>([
    ["with a length", (pieces) => [`HTTP/1.1 200 OK\r\nContent-Length: ${pieces.join("").length}\r\n\r\n`, ...pieces]],
    ["in chunks", (pieces) => ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ...asChunks(pieces)]],
    ["in a header", (pieces) => ["HTTP/1.1 200 OK\r\nX-Echo: ", ...pieces, "\r\nContent-Length: 0\r\n\r\n"]],
    ["in a trailer", (pieces) => ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Echo: ", ...pieces, "\r\n\r\n"]],
  ])("%s", async (_how, write) => {
    const all = cutsOf(VALUE.length);
    let at = 0;
    answer = (_request, socket) => {
      socket.setNoDelay();
      for (const piece of write(cut(`<${VALUE}>!`, 1, all[at] ?? [0, 0]))) socket.write(piece, "latin1");
      at += 1;
      return undefined;
    };
    const { raw } = await sendAll(all.map(() => [head("GET /")]));
    expect(count(raw, `<${stage.grant.placeholder}>`)).toBe(all.length);
    expect(raw).not.toContain(VALUE.slice(0, 8));
  });
});
