import { describe, expect, test } from "vitest";
import { openRunSummary } from "../../../src/app/runs/run-summary.ts";
import type { ProxyEvent } from "../../../src/proxy/grants/event.ts";
import type { RefusalCode } from "../../../src/proxy/grants/refusal.ts";
import { refuseHost } from "../../../src/proxy/grants/refusal.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const got = (request: string, ...secrets: string[]): ProxyEvent => ({ kind: "substituted", request, authority: "api.example.test:443", method: "GET", secrets });
const refused = (request: string, code: RefusalCode, secrets: string[], authority: string | null = "api.example.test:443", text = `why of ${code}`): ProxyEvent => ({ kind: "refused", request, authority, method: "GET", secrets, code, text });
const summarise = (...events: ProxyEvent[]): string[] => {
  const summary = openRunSummary();
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
    expect(rows(summarise(got("1", "KEY"), got("1", "KEY"), got("2", "KEY", "HEADER_ONLY")))).toEqual(["HOST SECRET SENT REFUSED", "api.example.test:443 HEADER_ONLY 1 0", "api.example.test:443 KEY 2 0"]);
  });

  test("has what the program was told, once", () => {
    const { text } = refuseHost(makeGrant("KEY", ["api.example.test"]), { host: "gist.example.test", port: 443 });
    const lines = summarise(refused("1", "host", ["KEY"], "gist.example.test:443", text), refused("2", "host", ["KEY"], "gist.example.test:443", text), refused("3", "locked", ["KEY", "OTHER"], "gist.example.test:443", "both"));
    expect(rows(lines).slice(1, 3)).toEqual(["gist.example.test:443 KEY 0 3", "gist.example.test:443 OTHER 0 1"]);
    expect(lines.slice(3)).toEqual([`host: ${text} (vault help host)`, "locked: both (vault help locked)"]);
  });

  test("has each reason of one code, and a few where there are many", () => {
    expect(summarise(refused("1", "place", ["KEY"], undefined, "not in a header"), refused("2", "place", ["KEY"], undefined, "not in Basic")).slice(2)).toEqual(["place: not in a header (vault help place)", "place: not in Basic (vault help place)"]);
    const lines = summarise(...Array.from({ length: 100 }, (_none, index) => refused(`${index}`, "bad-request", [], undefined, `reason ${index}`)));
    expect(lines.length).toBeLessThan(12);
    expect(lines.at(-1)).toBe("and further reasons, which the answers gave");
  });

  test("does not say that a host got what never reached it, nor that one got what was sent", () => {
    const unsent: ProxyEvent = { kind: "unsent", request: "1", authority: "api.example.test:443", method: "GET", secrets: ["KEY"] };
    const lines = rows(summarise(got("1", "KEY"), unsent, refused("1", "upstream-unreachable", ["KEY"]), got("2", "KEY")));
    expect(lines.slice(0, 2)).toEqual(["HOST SECRET SENT REFUSED", "api.example.test:443 KEY 1 1"]);
    expect(lines.join("\n")).not.toMatch(/got it/i);
  });

  test("a secret counts as sent unless the request never left, and is named in the refusal all the same", () => {
    const unsent = (request: string): ProxyEvent => ({ kind: "unsent", request, authority: "api.example.test:443", method: "GET", secrets: ["KEY"] });
    expect(rows(summarise(got("1", "KEY"), unsent("1"), refused("1", "upstream-unreachable", [])))[1]).toBe("api.example.test:443 KEY 0 1");
    expect(rows(summarise(got("1", "KEY"), refused("1", "upstream-unreachable", [])))[1]).toBe("api.example.test:443 KEY 1 1");
    expect(rows(summarise(got("1", "KEY"), unsent("1")))[1]).toBe("api.example.test:443 KEY 0 0");
  });

  test("has refusals that concern no secret, and no host", () => {
    const lines = rows(summarise(refused("1", "unmatched-host", [], "x.test:443"), refused("2", "proxy-auth", [], null)));
    expect(lines).toContain("x.test:443 - 0 1");
    expect(lines).toContain("- - 0 1");
    expect(lines.join("\n")).toContain("unmatched-host: why of unmatched-host");
  });

  test("stays short, however many hosts a program tries", () => {
    const events = Array.from({ length: 5_000 }, (_none, index) => refused(`${index}`, "unmatched-host", [], `h${index}.test:443`));
    const lines = summarise(...events);
    expect(lines.length).toBeLessThan(500);
    expect(lines).toContain("and 4800 more, which stand in the audit log");
  });
});
