import { expect, test } from "vitest";
import type { Sightings } from "../../../src/app/doctor/probe-verdict.ts";
import { judgeProbe } from "../../../src/app/doctor/probe-verdict.ts";
import type { ProbeOutcome } from "../../../src/run/probe/probe.ts";

const way = { tellsStart: true, fixes: { proxy: "fix the proxy", trust: "fix the trust", password: "fix the password" } };
const ended: ProbeOutcome = { kind: "ended", toldStart: true, said: "" };
const nothing: Sightings = { handshakes: [], refusals: [], requests: 0, credentials: 0 };

const judge = (seen: Partial<Sightings>, outcome: ProbeOutcome = ended, tellsStart = true): string => {
  const finding = judgeProbe("x", { ...way, tellsStart }, outcome, { ...nothing, ...seen });
  return finding === undefined ? "" : `${finding.level}: ${finding.message}${finding.level === "ok" ? "" : ` → ${finding.fix ?? ""}`}`;
};

test("what was seen last along the way counts", () => {
  expect(judge({ refusals: ["proxy-auth"], handshakes: ["completed", "completed"], requests: 2, credentials: 1 })).toMatch(/^ok: /);
  expect(judge({ handshakes: ["completed"], requests: 1 })).toMatch(/^problem: .*sent no credential/);
  expect(judge({ handshakes: ["no-http1"] })).toBe("problem: x: arrives at the proxy, and speaks HTTP/2 alone → have it speak HTTP/1.1");
  expect(judge({ refusals: ["proxy-auth"], handshakes: ["broken-off"] })).toBe("problem: x: arrives at the proxy, and does not trust its certificate → fix the trust");
  expect(judge({ refusals: ["proxy-auth", "proxy-auth"] })).toBe("problem: x: arrives at the proxy without its password, and is not let in → fix the password");
  expect(judge({ refusals: ["bad-request"] })).toMatch(/^problem: .*\(bad-request\) → fix the proxy$/);
  expect(judge({})).toMatch(/^problem: x: goes past the proxy.*→ fix the proxy$/);
});

test("of a library that the program may not use it is a note", () => {
  const finding = judgeProbe("x, by y", { ...way, isLibrary: true }, ended, nothing);
  expect(finding).toMatchObject({ level: "note", message: expect.stringMatching(/goes past the proxy.*; this counts where the program uses it$/) as string, fix: "fix the proxy" });
});

test("what could not be tried is no problem", () => {
  expect(judge({}, { kind: "absent" })).toBe("");
  expect(judge({}, { kind: "not-started", reason: "EACCES" })).toMatch(/^note: x: could not be tried \(EACCES\)/);
  expect(judge({}, { kind: "ended", toldStart: false, said: "no compiler" })).toMatch(/^note: x: could not be tried; it said: no compiler/);
  expect(judge({}, { kind: "ended", toldStart: false, said: "" }, false)).toMatch(/goes past the proxy/);
  expect(judge({ handshakes: ["completed"] })).toMatch(/^note: /);
});
