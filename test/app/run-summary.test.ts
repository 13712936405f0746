import { describe, expect, test } from "vitest";
import { openRunSummary } from "../../src/app/run-summary.ts";
import type { ProxyEvent } from "../../src/proxy/event.ts";
import type { RefusalCode } from "../../src/proxy/refusal.ts";
import { refuseHost } from "../../src/proxy/refusal.ts";
import { makeGrant } from "../support/proxy-run.ts";

const grants = [makeGrant("KEY", ["api.example.test"]), makeGrant("HEADER_ONLY", ["api.example.test"], { places: ["header"] }), makeGrant("QUERY_ONLY", ["api.example.test"], { places: ["query"] })];
const got = (request: string, ...secrets: string[]): ProxyEvent => ({ kind: "substituted", request, authority: "api.example.test:443", method: "GET", secrets });
const refused = (request: string, code: RefusalCode, secrets: string[], authority: string | null = "api.example.test:443"): ProxyEvent => ({ kind: "refused", request, authority, method: "GET", secrets, code });
const summarise = (...events: ProxyEvent[]): string[] => {
  const summary = openRunSummary(grants);
  for (const event of events) summary.count(event);
  return summary.lines();
};
/** The rows of the table, their cells parted by one space. */
const rows = (lines: readonly string[]): string[] => lines.map((line) => line.replaceAll(/ +/g, " "));

describe("the table", () => {
  test("says so when there is nothing to tell", () => {
    expect(summarise({ kind: "tunnelled", request: "a", authority: "x.test:443" })).toEqual(["no request asked for a secret, and none was refused"]);
  });

  test("counts a request once for each secret, by host", () => {
    expect(rows(summarise(got("1", "KEY"), got("1", "KEY"), got("2", "KEY", "HEADER_ONLY")))).toEqual(["HOST SECRET GOT IT REFUSED", "api.example.test:443 HEADER_ONLY 1 0", "api.example.test:443 KEY 2 0"]);
  });

  test("has the fix, in the proxy's own words, once", () => {
    const lines = summarise(refused("1", "host", ["KEY"], "gist.example.test:443"), refused("2", "host", ["KEY"], "gist.example.test:443"));
    const [grant] = grants;
    expect(rows(lines)[1]).toBe("gist.example.test:443 KEY 0 2");
    expect(lines.slice(2)).toEqual([`host: ${grant === undefined ? "" : refuseHost(grant, { host: "gist.example.test", port: 443 }).text}`]);
  });

  test("names the missing place where it is certain which one it was", () => {
    expect(summarise(refused("1", "place", ["HEADER_ONLY"])).at(-1)).toContain("allow it: vault secrets update HEADER_ONLY --inject basic,header");
    expect(summarise(refused("1", "place", ["QUERY_ONLY"])).at(-1)).toBe("place: QUERY_ONLY for api.example.test:443; the answer to it said why");
  });

  test.each<[RefusalCode, string]>([
    ["private-address", "0 1"],
    ["upstream-certificate", "0 1"],
    ["audit", "0 1"],
    ["upstream-unreachable", "1 1"],
    ["upstream-answer", "1 1"],
  ])("after %s: a secret counts as sent unless it surely was not", (code, counts) => {
    expect(rows(summarise(got("1", "KEY"), refused("1", code, [])))[1]).toBe(`api.example.test:443 KEY ${counts}`);
  });

  test("has refusals that concern no secret, and no host", () => {
    const lines = rows(summarise(refused("1", "unmatched-host", [], "x.test:443"), refused("2", "proxy-auth", [], null)));
    expect(lines).toContain("x.test:443 - 0 1");
    expect(lines).toContain("- - 0 1");
    expect(lines.join("\n")).toContain("unmatched-host: no connection to x.test:443");
  });

  test("stays short, however many hosts a program tries", () => {
    const events = Array.from({ length: 5_000 }, (_none, index) => refused(`${index}`, "unmatched-host", [], `h${index}.test:443`));
    const lines = summarise(...events);
    expect(lines.length).toBeLessThan(500);
    expect(lines).toContain("and 4800 more, which vault audit lists");
  });
});
