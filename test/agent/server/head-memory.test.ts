import { describe, expect, it } from "vitest";
import type { PartHead } from "../../../src/agent/messages/part-head.ts";
import { HEADS_MAX, parseHeads, parseParts } from "../../../src/agent/messages/part-head.ts";
import { HeadMemory } from "../../../src/agent/server/head-memory.ts";
import { VaultError } from "../../../src/errors.ts";

const hash = Buffer.alloc(32).toString("base64");
const headOf = (part: string, sequence: number): PartHead => ({ part, sequence, hash });

describe("the agent's memory of the log", () => {
  it("goes forward and never back, for each part by itself", () => {
    const memory = new HeadMemory();
    memory.note([headOf("log", 3), headOf("aa", 10)]);
    memory.note([headOf("log", 2), headOf("aa", 11), headOf("aa", 9)]);
    expect(memory.find(["aa", "bb", "log"])).toEqual([headOf("aa", 11), headOf("log", 3)]);
    memory.clear();
    expect(memory.find(["aa", "log"])).toEqual([]);
  });

  it("forgets nothing for what is one too many", () => {
    const memory = new HeadMemory();
    memory.note([headOf("log", 1), headOf("aa", 1)]);
    for (let index = 0; index < 70_000; index += HEADS_MAX) memory.note(Array.from({ length: HEADS_MAX }, (_, at) => headOf(`f${(index + at).toString(16)}`, 1)));
    memory.note([headOf("ffffffff", 1), headOf("aa", 2)]);
    expect(memory.find(["log", "aa", "ffffffff"])).toEqual([headOf("log", 1), headOf("aa", 2)]);
  });

  it.each<[string, unknown]>([["no list", {}], ["too many", Array.from({ length: HEADS_MAX + 1 }, () => headOf("log", 1))], ["no part", [headOf("main", 1)]], ["a path", [headOf("../x", 1)]], ["no number", [{ ...headOf("log", 1), sequence: -1 }]], ["a short hash", [{ ...headOf("log", 1), hash: "AAAA" }]], ["one member more", [{ ...headOf("log", 1), more: 1 }]]])("takes nothing else: %s", (_what, heads) => {
    expect(() => parseHeads(heads)).toThrow(VaultError);
  });

  it("is asked by parts alone", () => {
    expect(parseParts(["log", "00ff"])).toEqual(["log", "00ff"]);
    expect(() => parseParts(["LOG"])).toThrow(VaultError);
  });
});
