import { describe, expect, it } from "vitest";
import { makeRoute } from "../../../src/proxy/judge/route.ts";
import { findStrayRefusal } from "../../../src/proxy/judge/stray.ts";
import { makeStrayTest } from "../../../src/proxy/places/placeholder-check.ts";
import { makeRecogniser, mintPlaceholder } from "../../../src/proxy/places/placeholder.ts";
import { getPlaceholderTemplate } from "../../../src/vault/placeholder-template.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const HOST = "api.example.test";
const KEY = new Uint8Array(32).fill(9);
const STRAY = mintPlaceholder(getPlaceholderTemplate("ghp_[A-Za-z0-9]{36}"), new Uint8Array(32), KEY);
const isStray = makeStrayTest(KEY);
const GIVEN = mintPlaceholder(getPlaceholderTemplate("ghp_[A-Za-z0-9]{36}"), new Uint8Array(32).fill(1), KEY);
const judge = (headers: readonly string[], target = "/", change: Parameters<typeof makeGrant>[2] = {}, filled: readonly number[] = []) => {
  const grants = [{ ...makeGrant("KEY", [HOST], change), placeholder: GIVEN }];
  return findStrayRefusal({ headers, target }, makeRoute({ scheme: "https", authority: { host: HOST, port: 443 } }, grants), { isStray, recognise: makeRecogniser(grants) }, filled);
};

describe("a placeholder that is none of this run's", () => {
  it.each([["Authorization", `Bearer ${STRAY}`], ["authorization", `Basic ${Buffer.from(`x-access-token:${STRAY}`).toString("base64")}`], ["X-Api-Key", STRAY], ["Cookie", `a=1; b=${STRAY}`], ["PRIVATE-TOKEN", STRAY]])("is refused in %s", (name, value) => {
    expect(judge(["Accept", "*/*", name, value])).toMatchObject({ code: "not-given", status: 403, secrets: [] });
    expect(judge([name, value])?.text).not.toContain(STRAY);
  });

  it("is refused in a header that a secret of this host is put into, and in no other", () => {
    const pin = { service: "odd", sharesHostsWith: [], spots: [{ place: "header", header: "odd-token", form: "{key}" }] } as const;
    expect(judge(["Odd-Token", STRAY], "/", { pin })).toMatchObject({ code: "not-given" });
    expect(judge(["Odd-Token", STRAY])).toBeUndefined();
    expect(judge(["Odd-Token", STRAY], "/", { places: ["header:odd-token"] })).toMatchObject({ code: "not-given" });
    expect(judge(["X-Transcript", STRAY])).toBeUndefined();
  });

  it("is refused in a URL that secrets of this host may stand in, and passes in others", () => {
    for (const target of [`/bot${STRAY}/getMe`, `/v1?key=${STRAY}`]) {
      expect(judge([], target, { places: ["path"] })).toMatchObject({ code: "not-given" });
      expect(judge([], target, { places: ["query:key"] })).toMatchObject({ code: "not-given" });
      expect(judge([], target)).toBeUndefined();
    }
  });

  it("is told from one that the run was given, in a URL too", () => {
    expect(isStray(GIVEN)).toBe(true);
    for (const target of [`/bot${GIVEN}/getMe`, `/v1?key=${GIVEN}`, `/${GIVEN}/${GIVEN}`]) expect(judge([], target, { places: ["path", "query:key"] })).toBeUndefined();
    expect(judge([], `/bot${GIVEN}/${STRAY}`, { places: ["path"] })).toMatchObject({ code: "not-given" });
    expect(judge([], `/${STRAY.slice(0, 20)}${GIVEN}${STRAY.slice(20)}`, { places: ["path"] })).toBeUndefined();
  });

  it("is not looked for where a value is put in", () => {
    expect(judge(["X-Api-Key", STRAY], "/", {}, [1])).toBeUndefined();
  });
});
