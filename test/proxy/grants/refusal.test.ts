// What a refusal says, and under which status: scripts go by both.
import { describe, expect, it } from "vitest";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import type { RefusalCode } from "../../../src/proxy/grants/refusal.ts";
import { makeRefusal, refuseNoValue, refusePlace } from "../../../src/proxy/grants/refusal.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const AUTHORITY = { host: "api.example.test", port: 443 };

const STATUSES: Readonly<Record<RefusalCode, number>> = {
  "bad-request": 400, protocol: 400, repeated: 400, misplaced: 400, "second-credential": 400,
  host: 403, place: 403, "not-given": 403, "token-endpoint": 403, signed: 403, "plain-http": 403, "unusable-value": 403, locked: 403, "unmatched-host": 403,
  "own-address": 403, "metadata-address": 403, "private-address": 403, "this-machine": 403,
  method: 405, "proxy-auth": 407, timeout: 408, "coded-body": 415, expectation: 417, misdirected: 421, "header-limit": 431,
  upgrade: 501, "upstream-unreachable": 502, "upstream-certificate": 502, "upstream-answer": 502, "no-value": 503, audit: 503, "held-bodies": 503,
  rule: 403, asks: 403, denied: 403, unanswered: 403, "rule-limit": 429,
};

it.each(Object.entries(STATUSES))("%s has the status %i", (code, status) => {
  expect(makeRefusal(code as RefusalCode, "text").status).toBe(status);
});

describe("where a secret may not stand", () => {
  it("is said in the child's words, and the remedy in the person's", () => {
    const grant = makeGrant("KEY", ["api.example.test"], { places: ["header"] });
    expect(refusePlace(grant, AUTHORITY, "basic", "authorization")).toMatchObject({ text: expect.stringMatching(/may not stand in a Basic credential$/) as string, remedy: expect.stringContaining("--inject basic,header") as string });
    expect(refusePlace({ ...grant, places: ["basic"] }, AUTHORITY, "header", "x-odd")).toMatchObject({ text: expect.stringMatching(/may not stand in the header x-odd$/) as string, remedy: expect.stringContaining("--inject basic,header:x-odd") as string });
  });

  it("is said with where its service takes it", () => {
    const pin = { service: "example", sharesHostsWith: [], spots: [{ place: "header", header: "X-Key", form: "{key}" }, { place: "query", parameter: "k" }] } as const;
    expect(refusePlace(makeGrant("KEY", ["api.example.test"], { places: [], pin }), AUTHORITY, "header", "x-odd").text).toMatch(/; example takes it in the header X-Key as "\{key\}" or in the query as k$/);
  });
});

it("a value that could not be made is told from one that the vault has no longer", () => {
  const grant = (isMade: boolean): Grant => ({ ...makeGrant("KEY", ["api.example.test"]), living: { isMade } as Grant["living"] });
  expect(refuseNoValue([grant(true)], AUTHORITY)).toMatchObject({ text: expect.stringContaining("could not be had from where it comes from") as string, remedy: expect.stringContaining("vault doctor --try") as string });
  expect(refuseNoValue([grant(false)], AUTHORITY)).toMatchObject({ text: expect.stringContaining("the vault has changed") as string, remedy: "start the run anew" });
});
