// When a body is given up: where it stands still although there is room for more, and nowhere else.
import { Transform } from "node:stream";
import { expect, it } from "vitest";
import { RequestBody } from "../../../src/proxy/http1/child-request.ts";
import { watchIdle } from "../../../src/proxy/http1/stalled-body.ts";

const IDLE_MS = 20;
/** Some times over what is counted as idle. */
const LONG_MS = 6 * IDLE_MS;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function open(): { readonly source: RequestBody; readonly body: Transform; readonly given: () => number } {
  const source = new RequestBody(() => undefined);
  const body = new Transform({ highWaterMark: 4, transform: (chunk, _encoding, done) => { done(null, chunk); } });
  let given = 0;
  watchIdle(source, body, IDLE_MS, () => (given += 1));
  return { source, body, given: () => given };
}

it("stands still: is given up, once", async () => {
  const { given } = open();
  for (const end = performance.now() + 100 * LONG_MS; given() === 0 && performance.now() < end; ) await sleep(IDLE_MS);
  await sleep(LONG_MS);
  expect(given()).toBe(1);
});

it("waits for whoever takes it: is not", async () => {
  const { body, given } = open();
  // Nobody reads: it is full.
  while (!body.writableNeedDrain) body.write("0123456789");
  await sleep(LONG_MS);
  expect(given()).toBe(0);
});

it("goes on, however slowly: is not", async () => {
  const { source, given } = open();
  // Between any two looks something has come, or the looks come late as well: both are turns of one loop.
  const feed = setInterval(() => { source.add(Buffer.from("x")); }, 1);
  await sleep(LONG_MS);
  expect(given()).toBe(0);
  clearInterval(feed);
  source.destroy();
});

it("is all there: is not", async () => {
  const { source, given } = open();
  source.finish();
  await sleep(LONG_MS);
  expect(given()).toBe(0);
});
