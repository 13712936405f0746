import { expect, test } from "vitest";
import { HeldBody } from "../../../src/proxy/scrub/held-body.ts";
import { makeSafePlaces } from "../../../src/proxy/scrub/safe-place.ts";

test("a text without an end of a line or word is looked through once for each of the amounts that are held, however small its chunks are", () => {
  const places = makeSafePlaces([Buffer.from("a-value-of-some-letters")]);
  let looks = 0;
  const body = new HeldBody({ places, shortestBytes: 23 }, (text, from, end) => {
    looks += 1;
    return { out: [text.subarray(from, end)], next: end };
  });
  const out: Uint8Array[] = [];
  for (let sent = 0; sent < 8 * places.holdBytes; sent += 64) out.push(...body.push(Buffer.alloc(64, "x")));
  expect(looks).toBeLessThan(10);
  expect(Buffer.concat([...out, ...body.end()]).toString()).toBe("x".repeat(8 * places.holdBytes));
});
