// What begins like a compressed body is decoded for a look inside, and passed on as it is.
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { openCodedWatch } from "../../../src/proxy/scrub/coded-watch.ts";
import { makeScrubber } from "../../../src/proxy/scrub/scrub.ts";
import { makeGrant, VALUE } from "../../support/proxy-run.ts";

const text = Buffer.from("nothing to see here\n".repeat(200));

/** What comes out of the pieces, each sent when the one before has been taken. */
async function watch(pieces: readonly Uint8Array[]): Promise<string> {
  const inside = makeScrubber([makeGrant("KEY", [])])?.openAnswer();
  const [first] = pieces;
  if (inside === undefined || first === undefined) throw new Error("nothing to look for");
  const stage = openCodedWatch("gzip", first, inside);
  const out: Buffer[] = [];
  stage.on("data", (chunk: Buffer) => out.push(chunk));
  const over = Promise.race([once(stage, "end"), once(stage, "error").then(([error]) => { throw error; })]);
  for (const piece of pieces) await new Promise((resolve) => stage.write(piece, resolve));
  stage.end();
  await over;
  return Buffer.concat(out).toString("latin1");
}

it.each([
  ["is whole", [gzipSync(text)]],
  ["comes in pieces", [gzipSync(text).subarray(0, 30), gzipSync(text).subarray(30)]],
  ["breaks off", [gzipSync(text).subarray(0, 30)]],
  ["is none, behind its first bytes", [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), Buffer.from("no such thing"), text]],
  ["is none from the second byte on", [Buffer.from([0x1f, 0x00]), text]],
] as const)("ends, and is as it came, where it %s", async (_kind, pieces) => {
  expect(await watch(pieces)).toBe(Buffer.concat(pieces).toString("latin1"));
});

it("fails where a value is in it", async () => {
  await expect(watch([gzipSync(Buffer.from(`${text.toString()}${VALUE}${text.toString()}`))])).rejects.toThrow("a value in a body that is compressed");
});
