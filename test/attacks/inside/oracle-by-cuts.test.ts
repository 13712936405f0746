// The program has a bound host hand back texts of its own making, and watches where the proxy cuts them. Held back was what began a value, and let out what did not: so each
// answer told whether a guess at the next letter was right, and a token of 38 letters was read out of nothing in 80 requests and two seconds, without ever being seen.
import type { Socket } from "node:net";
import { expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { openOwnStage } from "../../support/attack-stage.ts";
import { collect, openSecure } from "../../support/proxy-child.ts";

const TOKEN = "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

/** What has come of an answer whose text the child has chosen, while the server says no more. */
async function watch(stage: AttackStage, server: () => Socket | undefined, path: string): Promise<{ readonly pieces: string; readonly all: string }> {
  const secure = await openSecure(stage.run.proxy, stage.host);
  try {
    const bytes = collect(secure);
    secure.write(`GET /${path} HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`);
    // The beginning of the text comes at once, and with it all that will: it is one read of the proxy's.
    const pieces = await bytes.read((raw) => raw.includes("Hello "));
    server()?.write("6\r\n, bye\n\r\n0\r\n\r\n");
    const all = await bytes.read((raw) => raw.endsWith("0\r\n\r\n"));
    return { pieces: bodyOf(pieces), all: bodyOf(all) };
  } finally {
    secure.destroy();
  }
}

const bodyOf = (raw: string): string => raw.slice(raw.indexOf("\r\n\r\n") + 4);

async function openEcho(): Promise<{ readonly stage: AttackStage; readonly ask: (text: string) => Promise<{ readonly pieces: string; readonly all: string }> }> {
  let socket: Socket | undefined;
  const stage = await openOwnStage({
    grant: { value: TOKEN },
    answer: (request, on) => {
      socket = on;
      const text = `Hello ${/^GET \/(\S+)/.exec(request)?.[1] ?? ""}`;
      return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n`;
    },
  });
  return { stage, ask: (text) => watch(stage, () => socket, text) };
}

it("a right guess at any letter looks like a wrong one", async () => {
  const { ask } = await openEcho();
  const told: string[] = [];
  for (const known of [0, 4, 5, 12, 20, 38]) {
    for (const next of [...new Set([TOKEN[known] ?? "", "Q", "0"])]) {
      const guess = TOKEN.slice(0, known) + next;
      const { pieces, all } = await ask(guess);
      told.push(pieces);
      // Nothing is lost by it, and the chunks are where the text is cut for everybody.
      expect(all).toBe(`6\r\nHello \r\n${(guess.length + 6).toString(16)}\r\n${guess}, bye\n\r\n0\r\n\r\n`);
    }
  }
  expect(new Set(told)).toEqual(new Set(["6\r\nHello \r\n"]));
});

it("nor do its encodings tell, nor the value's end", async () => {
  const { ask } = await openEcho();
  const hex = Buffer.from(TOKEN).toString("hex");
  for (const guess of [hex.slice(0, 30), hex.slice(0, 29), Buffer.from(TOKEN).toString("base64").slice(0, 21), TOKEN.slice(3), TOKEN.slice(30), ALPHABET]) expect((await ask(guess)).pieces).toBe("6\r\nHello \r\n");
});

it("the whole value comes back as the placeholder all the same, and an event leaves at once", async () => {
  const { stage, ask } = await openEcho();
  const { placeholder } = stage.grant;
  expect((await ask(TOKEN)).all).toContain(`${placeholder}, bye`);
});
