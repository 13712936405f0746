import { describe, expect, test } from "vitest";
import type { ChainHead } from "../../src/audit/entry.ts";
import { EMPTY_CHAIN, encodeEntry } from "../../src/audit/entry.ts";
import { judgeStored } from "../../src/audit/judge-stored.ts";
import type { StoredLine } from "../../src/audit/log-store.ts";
import { openingOf } from "../../src/audit/log.ts";

const key = new Uint8Array(32).fill(1);
const otherKey = new Uint8Array(32).fill(2);

/** Lines of one chain, and the heads behind each. */
function chain(steps: readonly (readonly [kind: string, by?: Uint8Array, closes?: boolean])[], start: ChainHead = EMPTY_CHAIN): { readonly stored: StoredLine[]; readonly heads: ChainHead[] } {
  const stored: StoredLine[] = [];
  const heads: ChainHead[] = [];
  for (const [kind, by = key, closes = false] of steps) {
    const before = heads.at(-1) ?? start;
    const { line, head } = encodeEntry(before, kind === "audit.open" ? openingOf(before) : { kind, ...(closes ? { closesLog: true } : {}) }, new Date(0), by);
    stored.push({ sequence: head.sequence, line: line.slice(0, -1) });
    heads.push(head);
  }
  return { stored, heads };
}

const { stored } = chain([["a"], ["b"], ["c"], ["d"]]);
const [a, b, c, d] = stored as [StoredLine, StoredLine, StoredLine, StoredLine];
const judge = (last: StoredLine | undefined, found: readonly StoredLine[], by: Uint8Array | undefined = key, vouched = EMPTY_CHAIN) => judgeStored(last?.line, found, vouched, by);
const linesOf = (...lines: readonly StoredLine[]): string[] => lines.map(({ line }) => line);

describe("what a store has is", () => {
  test("the same, where it ends with this machine's last line, or neither has any", () => {
    expect(judge(b, [b])).toEqual({ kind: "same" });
    expect(judge(undefined, [])).toEqual({ kind: "same" });
  });

  test("newer, where more follows; all of it where nothing is here, whatever number it begins with", () => {
    expect(judge(b, [b, c, d])).toEqual({ kind: "newer", lines: linesOf(c, d) });
    expect(judge(undefined, stored)).toEqual({ kind: "newer", lines: linesOf(...stored) });
    expect(judge(undefined, [c, d])).toEqual({ kind: "newer", lines: linesOf(c, d) });
  });

  test.each<[string, StoredLine, readonly StoredLine[], string]>([
    ["it ends before what is here", d, [], "ends before entry 4, which this machine has seen"],
    ["it has another line there", d, [{ ...d, line: chain([["a"], ["b"], ["c"], ["x"]]).stored[3]?.line ?? "" }], "has another entry 4 than the one that this machine has seen"],
    ["the line is gone, and later ones are there", b, [c, d], "has no entry 2 any more, which this machine has seen"],
    ["a newer line is missing between two", a, [a, b, d], "has no entry 3, and has later ones"],
  ])("cut, where %s", (_why, last, found, why) => {
    expect(judge(last, found)).toEqual({ kind: "cut", why });
    expect(judgeStored(last.line, found, EMPTY_CHAIN, undefined)).toEqual({ kind: "cut", why });
  });

  test.each<[string, readonly StoredLine[], number, RegExp]>([
    ["written with another key", [b, ...chain([["x", otherKey]], { sequence: 2, hash: chain([["a"], ["b"]]).heads[1]?.hash ?? "" }).stored], 3, /not written with this vault's key/],
    ["chained to nothing here", [b, { sequence: 3, line: chain([["x"], ["y"], ["z"]]).stored[2]?.line ?? "" }], 3, /not chained/],
    ["under another's number", [b, { sequence: 3, line: d.line }], 3, /number 4 where 3 was due/],
    ["no entry at all", [b, c, { sequence: 4, line: "what is this" }], 4, /not an entry/],
    ["two lines in one", [b, { sequence: 3, line: `${c.line}\n${d.line}` }], 3, /not an entry/],
  ])("forged, where a line is %s", (_what, found, sequence, why) => {
    expect(judge(b, found)).toEqual({ kind: "forged", sequence, why: expect.stringMatching(why) as string });
  });

  test("followed without the key, and not authenticated", () => {
    const forged = chain([["a"], ["b"], ["x", otherKey]]).stored[2];
    if (forged === undefined) throw new Error("no line");
    expect(judgeStored(b.line, [b, forged], EMPTY_CHAIN, undefined)).toEqual({ kind: "newer", lines: linesOf(forged) });
  });
});

describe("lines of an earlier vault key", () => {
  const { stored: rotated, heads } = chain([["a", otherKey], ["b", otherKey], ["rotate", otherKey, true], ["audit.open"], ["c"]]);

  test("count where the present key's follow, or where the vault vouches for the one that closes them", () => {
    for (const from of [undefined, ...rotated.slice(0, 4)]) {
      const at = from === undefined ? 0 : from.sequence - 1;
      expect(judge(from, rotated.slice(at))).toEqual({ kind: "newer", lines: linesOf(...rotated.slice(at + (from === undefined ? 0 : 1))) });
    }
    expect(judge(rotated[0], rotated.slice(0, 3), key, heads[2])).toEqual({ kind: "newer", lines: linesOf(...rotated.slice(1, 3)) });
  });

  test("are closed for whoever still has that key: no line behind them is anybody's forgery", () => {
    expect(judge(rotated[0], rotated, otherKey)).toEqual({ kind: "rekeyed", sequence: 4 });
    expect(judge(rotated[2], rotated.slice(2), otherKey)).toEqual({ kind: "rekeyed", sequence: 4 });
  });

  test("count for nothing otherwise", () => {
    expect(judge(rotated[0], rotated.slice(0, 3))).toMatchObject({ kind: "forged", sequence: 2 });
    expect(judge(rotated[0], rotated.slice(0, 2), key, heads[1])).toMatchObject({ kind: "forged", sequence: 2 });
  });
});
