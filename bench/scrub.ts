// What looking through an answer costs by itself, by what is in it: the scrubber alone, in this process, on pieces as TLS hands them on.
import { randomBytes } from "node:crypto";
import { makeScrubber } from "../src/proxy/scrub/scrub.ts";
import { makeGrant } from "../test/support/proxy-run.ts";
import type { Section } from "./figures.ts";
import { inTurns } from "./figures.ts";

const MIB = 1024 * 1024;
const PIECE_BYTES = 16_384;
const VALUE = "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1";
/** A program hands the same memory on over and over: what is measured is no fetching from further off. */
const RING_BYTES = 4 * PIECE_BYTES;

const item = (_none: unknown, index: number): unknown => ({ id: randomBytes(8).toString("hex"), index, name: `item number ${index}`, tags: ["a", "beta"], note: 'She said "hello", and left.', price: index * 1.25 });
const BODIES: Readonly<Record<string, Buffer>> = {
  "lines of text": Buffer.from("A line of text that no secret stands in, and that is looked through all the same.\n"),
  JSON: Buffer.from(JSON.stringify(Array.from({ length: 500 }, item))),
  HTML: Buffer.from('<div class="card"><a href="/items/4711?x=1&amp;y=2">Item &quot;4711&quot;</a><p>Lorem ipsum dolor sit amet, consectetur adipiscing elit.</p></div>\n'),
  "base64 in one line": Buffer.from(randomBytes(RING_BYTES).toString("base64")),
  "base64 in lines": Buffer.from(randomBytes(RING_BYTES).toString("base64").replace(/.{76}/g, "$&\r\n")),
  "random bytes": randomBytes(RING_BYTES),
};

export async function measureScrub(isQuick: boolean): Promise<Section[]> {
  const [rounds, mib] = isQuick ? [3, 8] : [5, 32];
  const scrubber = makeScrubber([makeGrant("API_KEY", [], { value: VALUE })]);
  if (scrubber === undefined) return [];
  const rows = await inTurns(rounds, Object.fromEntries(Object.entries(BODIES).map(([name, body]) => [name, () => {
    const ring = Buffer.alloc(RING_BYTES, body);
    const before = process.cpuUsage();
    const scrub = scrubber.openAnswer();
    for (let at = 0; at < mib * MIB; at += PIECE_BYTES) scrub.push(ring.subarray(at % RING_BYTES, (at % RING_BYTES) + PIECE_BYTES));
    scrub.end();
    const { user, system } = process.cpuUsage(before);
    return Promise.resolve({ "ms/MiB": (user + system) / 1e3 / mib });
  }])), 1);
  return [{ title: "Looking through answers", about: "The scrubber alone, for one token, in pieces of 16 KiB.", better: "down", unit: "ms/MiB", references: ["lines of text"], rows }];
}
