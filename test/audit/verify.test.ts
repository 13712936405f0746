import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuditEvent, ChainHead } from "../../src/audit/entry.ts";
import { EMPTY_CHAIN, encodeEntry, hashLine, partKey } from "../../src/audit/entry.ts";
import type { Verdict } from "../../src/audit/verify.ts";
import { verifyChain, verifyLog } from "../../src/audit/verify.ts";

const key = new Uint8Array(32).fill(1);
const otherKey = new Uint8Array(32).fill(2);
const at = new Date("2026-01-31T09:30:00.000Z");

function chainOf(events: readonly AuditEvent[], by = key, start = EMPTY_CHAIN): { readonly lines: string[]; readonly head: ChainHead } {
  const lines: string[] = [];
  let head = start;
  for (const event of events) {
    const next = encodeEntry(head, event, at, by);
    lines.push(next.line.slice(0, -1));
    head = next.head;
  }
  return { lines, head };
}

const arbitraryDetail = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.array(fc.string()));
const arbitraryEvent: fc.Arbitrary<AuditEvent> = fc.tuple(fc.string({ minLength: 1 }), fc.dictionary(fc.string(), arbitraryDetail, { maxKeys: 3 })).map(([kind, details]) => ({ ...details, kind }));
const arbitraryChain = fc.array(arbitraryEvent, { minLength: 1, maxLength: 10 }).map((events) => chainOf(events));

/** What somebody without the key can do to lines, and the number of the first line that is wrong then. */
interface Tampering {
  readonly kind: string;
  readonly lines: readonly string[];
  readonly bad: number;
}

function tamper({ lines }: { readonly lines: string[] }, act: "edit" | "delete" | "swap" | "copy" | "forge" | "truncate", a: number, b: number, position: number, text: string): Tampering | undefined {
  const [i, j] = [a % lines.length, b % lines.length];
  const line = lines[i]!;
  switch (act) {
    case "edit": {
      const from = position % (line.length + 1);
      const edited = `${line.slice(0, from)}${text}${line.slice(from + (b % 3))}`;
      return edited === line ? undefined : { kind: act, lines: lines.with(i, edited), bad: i + 1 };
    }
    case "delete":
      return { kind: act, lines: lines.toSpliced(i, 1), bad: i + 1 };
    case "swap":
      return i === j ? undefined : { kind: act, lines: lines.with(i, lines[j]!).with(j, line), bad: Math.min(i, j) + 1 };
    case "copy":
      return { kind: act, lines: lines.toSpliced(j, 0, line), bad: (i === j ? j + 1 : j) + 1 };
    case "forge": {
      // Well chained to what stands before it, and what follows is chained anew: only the key is missing.
      const before = j === 0 ? EMPTY_CHAIN : { sequence: j, hash: hashLine(lines[j - 1]!) };
      const events = [{ kind: "forged", text }, ...lines.slice(j).map((next) => (JSON.parse(next) as { event: AuditEvent }).event)];
      return { kind: act, lines: [...lines.slice(0, j), ...chainOf(events, otherKey, before).lines], bad: j + 1 };
    }
    case "truncate":
      return { kind: act, lines: lines.slice(0, i), bad: i + 1 };
  }
}

const arbitraryTampering = fc
  .record({ chain: arbitraryChain, act: fc.constantFrom("edit", "delete", "swap", "copy", "forge", "truncate"), a: fc.nat(), b: fc.nat(), position: fc.nat(), text: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom("", " ", '"', "}", "{}", "0", "\\u0061", ',"seq":1')) })
  .map(({ chain, act, a, b, position, text }) => ({ chain, tampering: tamper(chain, act, a, b, position, text) }));

const badLineOf = (verdict: Verdict): number | undefined => (verdict.kind === "broken" ? verdict.bad.line : undefined);

describe("a chain", () => {
  test("as it was written is intact, with the key and without", () => {
    fc.assert(fc.property(arbitraryChain, ({ lines, head }) => {
      for (const by of [key, undefined]) expect(verifyLog(lines, [head], by)).toEqual({ kind: "intact", head, entries: lines.length });
    }), { numRuns: 300 });
  });

  test("edited, deleted from, reordered, copied into, forged or truncated: its first bad line is named", () => {
    fc.assert(fc.property(arbitraryTampering, ({ chain, tampering }) => {
      fc.pre(tampering !== undefined);
      expect(badLineOf(verifyLog(tampering.lines, [chain.head], key))).toBe(tampering.bad);
    }), { numRuns: 2000 });
  });

  test("tampered with is noticed without the key too, at the line or the next", () => {
    fc.assert(fc.property(arbitraryTampering, ({ chain, tampering }) => {
      fc.pre(tampering !== undefined && tampering.kind !== "forge");
      const bad = badLineOf(verifyLog(tampering.lines, [chain.head], undefined));
      expect([tampering.bad, tampering.bad + 1]).toContain(bad);
    }), { numRuns: 1000 });
  });

  test("forged to its end is noticed without the key by what the vault vouches for", () => {
    const { head } = chainOf([{ kind: "a" }, { kind: "b" }]);
    const forged = chainOf([{ kind: "a" }, { kind: "c" }], otherKey).lines;
    expect(verifyLog(forged, [head], undefined)).toEqual({ kind: "broken", bad: { line: 2, why: "it is not the entry that the vault vouches for" } });
  });

  test("cut behind the older of two vouched heads is noticed by the newer one", () => {
    const { lines, head } = chainOf([{ kind: "a" }, { kind: "b" }, { kind: "c" }, { kind: "d" }]);
    const vouched = [{ sequence: 1, hash: hashLine(lines[0]!) }, head];
    expect(verifyLog(lines.slice(0, 2), vouched, key)).toEqual({ kind: "broken", bad: { line: 3, why: "entries 3 to 4 are missing" } });
    expect(verifyLog([], vouched, key)).toEqual({ kind: "broken", bad: { line: 1, why: "entries 1 to 4 are missing" } });
  });

  test("is tied to what it began with", () => {
    const start = { sequence: 0, hash: hashLine("the entry that a run began with") };
    const { lines, head } = chainOf([{ kind: "a" }], key, start);
    expect(verifyChain(lines, start, [head], key).kind).toBe("intact");
    expect(verifyChain(lines, { sequence: 0, hash: hashLine("another run's") }, [head], key)).toMatchObject({ bad: { line: 1 } });
  });

  test("of no lines is intact where nothing is vouched for", () => {
    expect(verifyLog([], [EMPTY_CHAIN], key)).toEqual({ kind: "intact", head: EMPTY_CHAIN, entries: 0 });
  });
});

describe("an entry", () => {
  test.each(["\n", "\r\n", "\u2028", "\0", "\u001b[2K\u001b[1A", '"}\n{"seq":2', "\u0085", "\ud800"])("with %j in it stays one line, and comes out as it went in", (text) => {
    const { line } = encodeEntry(EMPTY_CHAIN, { kind: text, name: text, [text]: [text] }, at, key);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(Buffer.from(line.slice(0, -1)).every((byte) => byte >= 0x20)).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ event: { kind: text, name: text, [text]: [text] } });
  });

  test("has a key of its own for each part of the log", () => {
    const keys = [partKey(key, { kind: "log" }), partKey(key, { kind: "run", id: "a" }), partKey(key, { kind: "run", id: "b" }), partKey(otherKey, { kind: "log" })].map((part) => Buffer.from(part).toString("hex"));
    expect(new Set(keys).size).toBe(4);
  });
});

test("a log whose last line closes it, by the key before, is intact where the vault vouches for that line, and not otherwise", () => {
  const { lines, head } = chainOf([{ kind: "a" }, { kind: "rotate", closesLog: true }], otherKey);
  expect(verifyLog(lines, [head], key)).toEqual({ kind: "intact", head, entries: 2 });
  expect(verifyLog(lines, [], key)).toMatchObject({ bad: { line: 1, why: "it was not written with this vault's key" } });
  expect(verifyLog(lines, [{ ...head, hash: EMPTY_CHAIN.hash }], key)).toMatchObject({ kind: "broken" });
});
