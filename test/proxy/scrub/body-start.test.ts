import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { judgeStart } from "../../../src/proxy/scrub/body-start.ts";

const kindOf = (bytes: readonly number[] | Uint8Array | string, isAll = false): string => {
  const start = judgeStart(Buffer.from(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes), isAll);
  return start.kind === "coded" ? start.coding : start.kind;
};

it("tells wide text and compression", () => {
  expect([[0xff, 0xfe], [0xfe, 0xff, 1], [0xff, 0xfe, 0, 0], [0, 0, 0xfe, 0xff]].map((bytes) => kindOf(bytes))).toEqual(["wide", "wide", "wide", "wide"]);
  expect([gzipSync("a"), deflateSync("a"), deflateSync("a", { level: 9 }), deflateSync("a", { level: 1 })].map((bytes) => kindOf(bytes))).toEqual(["gzip", "deflate", "deflate", "deflate"]);
});

it("takes nothing else for it", () => {
  for (const bytes of ["a", ":\n\n", "xy", "{}", "(b", [0xef, 0xbb, 0xbf, 0x41], [0xff, 0xd8, 0xff], [0xff, 0xfb], [0, 0, 1], [0x1f, 0x8b, 9], [0x50, 0x4b, 3, 4], brotliCompressSync("a"), deflateRawSync("a")]) expect([bytes, kindOf(bytes)]).toEqual([bytes, "plain"]);
});

it("waits only for what would tell", () => {
  for (const bytes of [[0xff], [0xfe], [0], [0, 0, 0xfe], [0x1f], [0x1f, 0x8b], [0x28, 0xb5], [0x78]]) expect([bytes, kindOf(bytes), kindOf(bytes, true)]).toEqual([bytes, "open", "plain"]);
  expect([kindOf([]), kindOf([], true)]).toEqual(["plain", "plain"]);
});
