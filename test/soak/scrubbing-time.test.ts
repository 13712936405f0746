// How long an answer takes must not tell whether it holds a part of a secret. A bound host hands back text of the program's choosing; the program measures, thousands of times, when the
// first byte comes and when the last. Each text is paired with one of the same shape made from a value that is in no vault, in an order by chance. The one part that time does tell of is twelve bytes in a row of a form's last thirty (src/proxy/scrub/form-search.ts): it is measured too. `npm run test:soak` runs it.
import { randomBytes, randomInt } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { openOwnStage } from "../support/attack-stage.ts";
import { openSecure } from "../support/proxy-child.ts";
import type { RankComparison } from "../support/rank-comparison.ts";
import { compareRanks } from "../support/rank-comparison.ts";

const TOKEN = "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1";
const DECOY = "ghp_3xW8pL1kN6zS5tJ9bV2qF7hG4yD0mR5uC8e6";
const PAIRS = 3_000;
const WARM_PAIRS = 300;
const TEXT_BYTES = 32_768;
const END = "\r\n0\r\n\r\n";
/** Alike lots come this near to a half: with as many pairs, 0.05 are seven standard deviations. */
const SHARE_MAX = 0.05;

interface Times {
  readonly first: number;
  readonly last: number;
}

/** Between parts. Where a text has one period, one accident of the search (a hash that looks like another) happens at each turn. */
const FILLINGS = Array.from({ length: TEXT_BYTES }, () => randomBytes(randomInt(3, 16)).toString("base64url"));

/** Over and over, as long as all texts are, and otherwise the same for all parts of one length. */
const fill = (part: string): string => FILLINGS.map((filling) => `${part} ${filling} `).join("").slice(0, TEXT_BYTES);
type Case = readonly [name: string, textOf: (value: string) => string];
const CASES: readonly Case[] = [
  ["its first half, over and over", (value) => fill(value.slice(0, 20))],
  ["its last eleven letters, over and over", (value) => fill(value.slice(-11))],
  ["its first half, once", (value) => `${value.slice(0, 20)}${fill("other")}`.slice(0, TEXT_BYTES)],
  ["its first half, at the end", (value) => `${fill("other").slice(0, TEXT_BYTES - 20)}${value.slice(0, 20)}`],
  ["base64 of its first half, over and over", (value) => fill(Buffer.from(value).toString("base64").slice(0, 32))],
  ["its first half, percent-encoded, over and over", (value) => fill([...Buffer.from(value.slice(0, 20))].map((byte) => `%${byte.toString(16)}`).join(""))],
];
/** What SECURITY.md says of time: these can be told apart. */
const TOLD: readonly Case[] = [["all but its last letter, over and over", (value) => fill(value.slice(0, -1))], ["twelve letters of its end, over and over", (value) => fill(value.slice(-12))]];

/** One request on a connection that is kept. */
function measure(socket: TLSSocket, host: string, path: string): Promise<Times> {
  return new Promise((resolve) => {
    const start = performance.now();
    let first: number | undefined;
    let tail = "";
    const onData = (chunk: Buffer): void => {
      first ??= performance.now() - start;
      tail = (tail + chunk.toString("latin1")).slice(-END.length);
      if (tail !== END) return;
      socket.off("data", onData);
      resolve({ first, last: performance.now() - start });
    };
    socket.on("data", onData);
    socket.write(`GET /${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
}

async function compare(texts: readonly [string, string]): Promise<{ readonly first: RankComparison; readonly last: RankComparison }> {
  const stage: AttackStage = await openOwnStage({
    grant: { value: TOKEN },
    answer: (request) => {
      const text = texts[request.startsWith("GET /0") ? 0 : 1];
      return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}${END}`;
    },
  });
  const socket = await openSecure(stage.run.proxy, stage.host);
  const times: [Times[], Times[]] = [[], []];
  for (let pair = 0; pair < WARM_PAIRS + PAIRS; pair += 1) {
    const begin = randomInt(2);
    for (const which of begin === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const taken = await measure(socket, stage.host, String(which));
      if (pair >= WARM_PAIRS) times[which].push(taken);
    }
  }
  socket.destroy();
  const [others, holding] = times;
  return { first: compareRanks(others.map(({ first }) => first), holding.map(({ first }) => first)), last: compareRanks(others.map(({ last }) => last), holding.map(({ last }) => last)) };
}

function describeShares(name: string, first: RankComparison, last: RankComparison): string {
  return `${name}: first byte ${first.share.toFixed(3)} (${first.deviations.toFixed(1)} deviations), last byte ${last.share.toFixed(3)} (${last.deviations.toFixed(1)})`;
}

describe("an answer that holds a part of a secret takes as long as one that does not", () => {
  it.each(CASES)("%s", async (name, textOf) => {
    const { first, last } = await compare([textOf(DECOY), textOf(TOKEN)]);
    console.log(describeShares(name, first, last));
    expect(Math.abs(first.share - 0.5)).toBeLessThan(SHARE_MAX);
    expect(Math.abs(last.share - 0.5)).toBeLessThan(SHARE_MAX);
  });
});

describe("what does take longer", () => {
  it("shows", async () => {
    const { last } = await compare([fill("other"), fill("other").repeat(2)]);
    expect(last.share).toBeGreaterThan(0.8);
  });

  it.each(TOLD)("is measured: %s", async (name, textOf) => {
    const { first, last } = await compare([textOf(DECOY), textOf(TOKEN)]);
    console.log(describeShares(name, first, last));
  });
});
