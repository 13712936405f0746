import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Scope } from "../../src/vault/scope.ts";
import { compareMemberships, compareText, describeScope, encodeScope, isSameScope, isScopeId, parseMemberships, parseScope } from "../../src/vault/scope.ts";
import { refusalOf } from "../support/refusal.ts";

const scopes: readonly Scope[] = [
  { kind: "global" },
  { kind: "workspace", workspace: "a" },
  { kind: "workspace", workspace: "a:b" },
  { kind: "group", workspace: "a", group: "b" },
  { kind: "group", workspace: "a:b", group: "c" },
  { kind: "group", workspace: "a", group: "b:c" },
  { kind: "group", workspace: 'workspace "a"', group: "b" },
];

describe("ids", () => {
  test.each(["a", "acme corp", "B\u00fccher", "\u65e5\u672c", "\u{1f680}", "a:b", '"', "\\", "../..", "x".repeat(128), "\u{1f680}".repeat(64), "\u00e9", "__proto__"])("%j may be one", (id) => {
    expect(isScopeId(id)).toBe(true);
  });

  test.each(["", " ", " a", "a ", "\u00a0a", "a\u3000", "\ufeffa", "a\nb", "a\rb", "a\tb", "a\0", "\u001b[31m", "\u007f", "\u0085", "a\u00adb", "a\u200bb", "a\u200db", "a\u2028b", "a\u202eb", "a\u2066b", "\ud800", "\udc00a", "a\u{e0041}", "e\u0301", "\u2800", "\u3164", "a\ufe0f", "\ue000", "x".repeat(129), `${"\u{1f680}".repeat(64)}x`])("%j may not", (id) => {
    expect(isScopeId(id)).toBe(false);
  });
});

describe("parsing", () => {
  test("gives back what was encoded, without other members", () => {
    for (const scope of scopes) expect(parseScope(JSON.parse(JSON.stringify(encodeScope(scope))), "it")).toEqual(scope);
    expect(parseScope({ kind: "global", workspace: "a" }, "it")).toEqual({ kind: "global" });
    expect(Object.keys(encodeScope({ group: "g", workspace: "w", kind: "group" }))).toEqual(["kind", "workspace", "group"]);
  });

  test.each([[undefined], [null], ["global"], [[]], [{}], [{ kind: "team" }], [{ kind: "workspace" }], [{ kind: "workspace", workspace: 1 }], [{ kind: "group", workspace: "a" }], [{ kind: "group", workspace: "a", group: "" }]])("%j is no scope", async (value) => {
    expect(await refusalOf(() => parseScope(value, "it"))).toBe("bad-schema");
  });

  test("memberships are sorted, without doubles, and at most 256", async () => {
    const sorted = [{ workspace: "a", group: "b" }, { workspace: "a", group: "c" }, { workspace: "b", group: "a" }];
    expect(parseMemberships(sorted, "it")).toEqual(sorted);
    expect(parseMemberships([], "it")).toEqual([]);
    expect(await refusalOf(() => parseMemberships([...sorted].reverse(), "it"))).toBe("bad-schema");
    expect(await refusalOf(() => parseMemberships([sorted[0], sorted[0]], "it"))).toBe("bad-schema");
    expect(await refusalOf(() => parseMemberships(Array.from({ length: 257 }, (_, index) => ({ workspace: "w", group: String(1000 + index) })), "it"))).toBe("out-of-bounds");
    expect(await refusalOf(() => parseMemberships({}, "it"))).toBe("bad-schema");
  });
});

describe("comparing", () => {
  test("scopes are the same only where every part is", () => {
    for (const [i, a] of scopes.entries()) for (const [j, b] of scopes.entries()) expect(isSameScope(a, b)).toBe(i === j);
  });

  test("two scopes that differ read differently", () => {
    expect(new Set(scopes.map(describeScope)).size).toBe(scopes.length);
  });

  test("text is ordered by UTF-16 units, as a sort without arguments orders it", () => {
    expect(compareText("\u{1d400}", "\uff21")).toBe(-1);
    fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => {
      expect([...texts].sort(compareText)).toEqual([...texts].sort());
    }));
  });

  test("memberships are ordered by workspace, then group", () => {
    const text = fc.constantFrom("a", "b", "a:b", "\u{1d400}", "\uff21");
    fc.assert(fc.property(fc.tuple(text, text), fc.tuple(text, text), ([w1, g1], [w2, g2]) => {
      const order = compareMemberships({ workspace: w1, group: g1 }, { workspace: w2, group: g2 });
      expect(order).toBe(compareText(w1, w2) === 0 ? compareText(g1, g2) : compareText(w1, w2));
    }));
  });
});
