import { describe, expect, it } from "vitest";
import { findBodyKind, isCoded } from "../../../src/proxy/places/body-kind.ts";
import { judgeInBody, planBody, reframe } from "../../../src/proxy/judge/body-policy.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const HOST = "api.example.test";
const AUTHORITY = { host: HOST, port: 443 };

describe("what a body is", () => {
  it.each([
    ["application/json", "json"],
    ["Application/JSON; charset=UTF-8", "json"],
    ["application/problem+json", "json"],
    ["application/x-www-form-urlencoded", "form"],
    ["multipart/form-data; boundary=x", "multipart"],
    ["text/csv", "text"],
    ["application/json; charset=utf-16le", undefined],
    ["application/octet-stream", undefined],
    ["application/jsonp", undefined],
    ["textual/plain", undefined],
    ["", undefined],
  ])("%s is %s", (type, kind) => {
    expect(findBodyKind(["Content-Type", type])).toBe(kind);
    expect(findBodyKind(["Content-Type", type, "content-type", type])).toBeUndefined();
  });

  it("is coded where a coding is named", () => {
    expect(isCoded(["content-encoding", "identity", "Content-Encoding", "gzip"])).toBe(true);
    expect(isCoded(["Content-Encoding", "Identity, "])).toBe(false);
    expect(isCoded(["Accept-Encoding", "gzip"])).toBe(false);
  });

  it("decides whether a secret may stand in it", () => {
    const grant = makeGrant("KEY", [HOST], { places: ["body"] });
    const other = makeGrant("OTHER", ["other.example.test"], { places: ["body"] });
    const head = { method: "POST", target: "/", headers: ["Content-Type", "application/json"], host: HOST, bodyBytes: 10, upgrade: undefined };
    const plan = planBody(head, "https", AUTHORITY, [grant, other], []);
    expect(plan).toEqual({ kind: "edit", body: "json", grants: [grant], stranger: undefined });
    expect(planBody(head, "http", AUTHORITY, [grant], [])).toEqual({ kind: "watch" });
    expect(planBody(head, "https", AUTHORITY, [other], [])).toEqual({ kind: "watch" });
    expect(planBody({ ...head, bodyBytes: undefined }, "https", AUTHORITY, [grant], [])).toEqual({ kind: "watch" });
    expect(judgeInBody(grant, plan, AUTHORITY, new Set(), true, true)).toEqual({ kind: "act", body: "json" });
    expect(judgeInBody(grant, plan, AUTHORITY, new Set([grant]), true, false)).toMatchObject({ kind: "refuse", refusal: { code: "repeated" } });
    expect(judgeInBody(other, plan, AUTHORITY, new Set(), true, false)).toEqual({ kind: "inert" });
    expect(judgeInBody(grant, plan, AUTHORITY, new Set(), false, false)).toEqual({ kind: "inert" });
    expect(judgeInBody(other, plan, AUTHORITY, new Set(), true, true)).toMatchObject({ kind: "refuse", refusal: { code: "misplaced" } });
  });

  it("takes a secret beside no credential that is not this run's", () => {
    const grant = makeGrant("KEY", [HOST], { places: ["body"] });
    const other = makeGrant("OTHER", [HOST], { places: ["body"] });
    const head = { method: "POST", target: "/", headers: ["Content-Type", "application/json", "Authorization", "Bearer mine"], host: HOST, bodyBytes: 10, upgrade: undefined };
    const plan = planBody(head, "https", AUTHORITY, [grant], []);
    expect(judgeInBody(grant, plan, AUTHORITY, new Set(), true, false)).toMatchObject({ kind: "refuse", refusal: { code: "second-credential" } });
    const filled = planBody(head, "https", AUTHORITY, [grant], [{ valueAt: 3, place: "header", text: "", occurrences: [] }]);
    expect(judgeInBody(grant, filled, AUTHORITY, new Set([other]), true, false)).toMatchObject({ kind: "act" });
    const [github, openai] = ["github", "openai"].map((service) => makeGrant(service, [HOST], { places: ["body"], pin: { service, sharesHostsWith: [], spots: [] } }));
    if (github === undefined || openai === undefined) throw new Error("no grants");
    expect(judgeInBody(github, planBody(head, "https", AUTHORITY, [github], [{ valueAt: 3, place: "header", text: "", occurrences: [] }]), AUTHORITY, new Set([openai]), true, false)).toMatchObject({ kind: "refuse", refusal: { code: "second-credential" } });
  });

  it("is framed anew by its new length, or by the connection", () => {
    const headers = ["A", "1", "content-LENGTH", "5", "B", "2"];
    expect(reframe(headers, 7)).toEqual(["A", "1", "content-LENGTH", "7", "B", "2"]);
    expect(reframe(headers, undefined)).toEqual(["A", "1", "B", "2"]);
  });
});
