import { describe, expect, it } from "vitest";
import { readReport } from "../../../src/app/auditing/audit-report.ts";
import { appendAudited } from "../../../src/app/keys/change-vault.ts";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { openRunTrail } from "../../../src/app/runs/run-trail.ts";
import type { AuditEvent } from "../../../src/audit/entry.ts";
import type { Home } from "../../support/home.ts";
import { makeVaultHome } from "../../support/home.ts";

async function record(home: Home, run: string, program: string, events: readonly AuditEvent[]): Promise<void> {
  const trail = await withOpenVault(home.surroundings, (vault) => openRunTrail(home.surroundings, vault, run, { kind: "run.start", program, secrets: ["A_KEY"] }));
  for (const event of events) trail.enter(event);
  await trail.close({ kind: "run.end" });
}

const of = (request: string, more: Partial<AuditEvent> = {}): Omit<AuditEvent, "kind"> => ({ request, authority: "api.example.com:443", method: "GET", secrets: ["A_KEY"], ...more });
const everything = { limit: 1000, before: undefined };

describe("the report of the audit log", () => {
  it("counts each request with a secret once, and what was refused, by secret and host", async () => {
    const home = await makeVaultHome("A_KEY");
    await record(home, "a1", "node", [{ kind: "substituted", ...of("1") }, { kind: "substituted", ...of("1") }, { kind: "scrubbed", ...of("1") }, { kind: "substituted", ...of("2") }, { kind: "refused", ...of("3", { authority: "evil.example:443" }), code: "host", remedy: "what allows it" }, { kind: "inert", ...of("4") }, { kind: "tunnelled", ...of("5") }]);
    await record(home, "b2", "curl", [{ kind: "substituted", ...of("1") }]);
    const { runs, changes, uses, refusals, refusalCount } = await readReport(home.surroundings, everything);
    expect(runs.map(({ program, end }) => [program, typeof end])).toEqual([["node", "string"], ["curl", "string"]]);
    expect(changes.map(({ kind, secret, hosts }) => [kind, secret, hosts])).toEqual([["vault.init", "-", []], ["secret.create", "A_KEY", ["api.example.com:443"]]]);
    expect(uses.map(({ host, programs, usedAt, refusedAt, scrubbed }) => [host, [...programs], usedAt.length, refusedAt.length, scrubbed])).toEqual([["api.example.com:443", ["node", "curl"], 3, 0, 1], ["evil.example:443", ["node"], 0, 1, 0]]);
    expect(refusals).toMatchObject([{ program: "node", host: "evil.example:443", secrets: ["A_KEY"], code: "host", remedy: "what allows it" }]);
    expect(refusalCount).toBe(1);
  });

  it("does not count as used what was refused before it could leave", async () => {
    const home = await makeVaultHome("A_KEY");
    await record(home, "a1", "node", [{ kind: "substituted", ...of("1") }, { kind: "unsent", ...of("1") }, { kind: "refused", ...of("1", { secrets: [] }), code: "private-address" }, { kind: "substituted", ...of("2") }, { kind: "refused", ...of("2", { secrets: [] }), code: "upstream-answer" }]);
    const { uses, refusals } = await readReport(home.surroundings, everything);
    expect(uses.map(({ usedAt, refusedAt }) => [usedAt.length, refusedAt.length])).toEqual([[1, 2]]);
    expect(refusals.map(({ secrets }) => secrets)).toEqual([["A_KEY"], ["A_KEY"]]);
  });

  it("has a row for each secret whose value is made, and none of that among the changes", async () => {
    const home = await makeVaultHome("A_KEY");
    await withOpenVault(home.surroundings, async ({ holder, file }) => {
      const about = { secret: "MADE", id: "aa", source: "command", run: "a1" };
      for (const event of [{ kind: "value.made", ...about, until: "2030-01-01T00:00:00.000Z" }, { kind: "value.failed", ...about, reason: "timed-out" }, { kind: "value.failed", ...about, reason: "failed" }]) await appendAudited(home.surroundings, holder, file.contents, event);
    });
    const { values, changes } = await readReport(home.surroundings, everything);
    expect(values.map(({ secret, source, madeAt, until, failedAt, reason }) => [secret, source, madeAt.length, until, failedAt.length, reason])).toEqual([["MADE", "command", 1, "2030-01-01T00:00:00.000Z", 2, "failed"]]);
    expect(changes.map(({ kind }) => kind)).toEqual(["vault.init", "secret.create"]);
  });

  it("is bounded in rows and refusals, whatever a program has tried", async () => {
    const home = await makeVaultHome("A_KEY");
    await record(home, "a1", "node", Array.from({ length: 700 }, (_, index): AuditEvent => ({ kind: "refused", ...of(String(index), { authority: `h${String(index)}.example:443` }), code: "host" })));
    const { uses, refusals, refusalCount } = await readReport(home.surroundings, everything);
    expect([uses.length, refusals.length, refusalCount]).toEqual([500, 500, 700]);
    expect(refusals.at(-1)?.host).toBe("h699.example:443");
  });
});
