// How long an answer takes must not tell whether it holds a part of a secret. A bound host hands back text of the program's choosing; the program measures, thousands of times, when the
// first byte comes and when the last. Each text is paired with one of the same shape made from a value that is in no vault, in an order by chance. The one part that time does tell of is all but a few letters at an end (src/proxy/scrub/long-form-search.ts): it is measured too. `npm run test:soak` runs it.
import { randomBytes, randomInt } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { openOwnStage } from "../support/attack-stage.ts";
import { openSecure } from "../support/proxy-child.ts";
import type { RankComparison } from "../support/rank-comparison.ts";
import { compareRanks } from "../support/rank-comparison.ts";

const TOKEN = "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1";
const PAIRS = 3_000;
const WARM_PAIRS = 300;
const TEXT_BYTES = 32_768;
const END = "\r\n0\r\n\r\n";
/** Alike lots come this near to a half: with as many pairs, 0.05 are seven standard deviations. */
const SHARE_MAX = 0.05;

/** Another of the same shape: what a text has of digits, hexadecimal letters and others is the same in both, since what a search skips hangs on that. */
const likeThat = (value: string): string => ["0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEF", "GHIJKLMNOPQRSTUVWXYZ"].reduce((text, kind) => text.replace(new RegExp(`[${kind}]`, "g"), (letter) => kind[(kind.indexOf(letter) + 3) % kind.length] ?? ""), value);
const DECOY = likeThat(TOKEN);

interface Times {
  readonly first: number;
  readonly last: number;
}

/** Between parts. Where a text has one period, one accident of the search (a hash that looks like another) happens at each turn. */
const FILLINGS = Array.from({ length: TEXT_BYTES }, () => randomBytes(randomInt(3, 16)).toString("base64url"));

/** Over and over, as long as all texts are, and otherwise the same for all parts of one length. Of words nothing is looked at that is longer than they are: without blanks everything is. */
const fill = (part: string, between = " "): string => FILLINGS.map((filling) => `${part}${between}${filling}${between}`).join("").slice(0, TEXT_BYTES);
type Case = readonly [name: string, textOf: (value: string) => string];
const WINDOWS: readonly Case[] = [4, 8, 12, 16, 24].flatMap((length): Case[] => [
  [`${length} letters of its middle, over and over`, (value) => fill(value.slice((value.length - length) >> 1).slice(0, length), ".")],
  [`its last ${length} letters, over and over`, (value) => fill(value.slice(-length), ".")],
]);
const CASES: readonly Case[] = [
  ...WINDOWS,
  ["all but its first and last quarter, over and over", (value) => fill(value.slice(10, -10), ".")],
  ["its first half, over and over", (value) => fill(value.slice(0, 20))],
  ["its last eleven letters, over and over", (value) => fill(value.slice(-11))],
  ["its first half, once", (value) => `${value.slice(0, 20)}${fill("other")}`.slice(0, TEXT_BYTES)],
  ["its first half, at the end", (value) => `${fill("other").slice(0, TEXT_BYTES - 20)}${value.slice(0, 20)}`],
  ["base64 of its first half, over and over", (value) => fill(Buffer.from(value).toString("base64").slice(0, 24), ".")],
  ["its first half, percent-encoded, over and over", (value) => fill([...Buffer.from(value.slice(0, 20))].map((byte) => `%${byte.toString(16)}`).join(""), ".")],
];
/** What SECURITY.md says of time: these can be told apart. */
const TOLD: readonly Case[] = [["all but its last letter, over and over", (value) => fill(value.slice(0, -1), ".")]];

/** Of such a value everybody knows the beginning and the end. */
const withPassword = (password: string): string => `postgres://app:${password}@db.example.com:5432/app`;
const PASSWORD = "Zx81qT7hN3vWc0pL";
const WRONG = likeThat(PASSWORD);
/** What stands in both texts otherwise is the same: the first has so many letters of the password right, and the other none. */
const SURROUNDED: readonly Case[] = [
  ["one letter more than its beginning", (password) => fill(withPassword(password).slice(0, 16), ".")],
  ["one letter more than its end", (password) => fill(withPassword(password).slice(30), ".")],
  ["all of it, with the first letter right", (password) => fill(withPassword(`${password.slice(0, 1)}${"#".repeat(15)}`), ".")],
  ["all of it, with half of the letters right", (password) => fill(withPassword(`${password.slice(0, 8)}${"#".repeat(8)}`), ".")],
  ["all of it, with all letters but one right", (password) => fill(withPassword(`${password.slice(0, 7)}#${password.slice(8)}`), ".")],
  ["base64 of it, with all letters but one right", (password) => fill(Buffer.from(withPassword(`${password.slice(0, 7)}#${password.slice(8)}`)).toString("base64"), ".")],
];

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

async function compare(texts: readonly [string, string], value = TOKEN): Promise<{ readonly first: RankComparison; readonly last: RankComparison }> {
  const stage: AttackStage = await openOwnStage({
    grant: { value },
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

describe("an answer that holds what everybody knows of a value, and a part of what nobody does, takes as long as one without the part", () => {
  it.each(SURROUNDED)("%s", async (name, textOf) => {
    const { first, last } = await compare([textOf(WRONG), textOf(PASSWORD)], withPassword(PASSWORD));
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
