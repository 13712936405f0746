// What strangers to the wall's name server send, byte by byte: nothing of it may throw, take long, or be answered with more than it asks for.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAnswer, NO_ERROR, readInquiry } from "../../../src/wall/net/dns-message.ts";
import { answerInquiry } from "../../../src/wall/net/name-answer.ts";
import { openNameTable } from "../../../src/wall/net/name-table.ts";

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
/** Whose last label is no number. */
const hostName = fc.tuple(fc.array(label, { maxLength: 5 }), fc.stringMatching(/^[a-z]{2,12}$/)).map(([labels, last]) => [...labels, last].join(".")).filter((name) => !/(?:^|\.)localhost$|xn--|(?:^|\.)..--/.test(name));

/** A question as a library asks it. */
function ask(name: string, { type = 1, group = 1, id = 0x1234, flags = 0x0100, behind = [] }: { readonly type?: number; readonly group?: number; readonly id?: number; readonly flags?: number; readonly behind?: readonly number[] } = {}): Buffer {
  const labels = name.split(".").filter((each) => each !== "").flatMap((each) => [Buffer.from([Buffer.byteLength(each, "latin1")]), Buffer.from(each, "latin1")]);
  const head = Buffer.from([id >> 8, id & 255, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, behind.length === 0 ? 0 : 1]);
  return Buffer.concat([head, ...labels, Buffer.from([0, type >> 8, type & 255, group >> 8, group & 255, ...behind])]);
}

const codeOf = (answer: Uint8Array | undefined): number => (answer?.[3] ?? 0xff) & 15;
const answersOf = (answer: Uint8Array | undefined): number => ((answer?.[6] ?? 0) << 8) | (answer?.[7] ?? 0);
const addressOf = (answer: Uint8Array | undefined): string => [...(answer ?? []).slice(-4)].join(".");

describe("a question", () => {
  test("about any host name is answered with the address of that name, and comes back as it was asked", () => {
    const table = openNameTable([]);
    fc.assert(fc.property(hostName, fc.nat(0xffff), fc.boolean(), (name, id, isLoud) => {
      const asked = ask(isLoud ? name.toUpperCase() : name, { id });
      const answer = answerInquiry(asked, table);
      expect([codeOf(answer), answersOf(answer), addressOf(answer)]).toEqual([0, 1, table.addressOf(name)]);
      expect(Buffer.from(answer ?? []).subarray(0, 2)).toEqual(asked.subarray(0, 2));
      expect(Buffer.from(answer ?? []).subarray(12, asked.length)).toEqual(asked.subarray(12));
    }));
  });

  test("reads back as it was asked", () => {
    fc.assert(fc.property(hostName, fc.nat(0xffff), (name, type) => {
      expect(readInquiry(ask(name, { type }))).toMatchObject({ kind: "question", question: { id: 0x1234, name, type, isInternet: true, wantsRecursion: true, isExtended: false } });
    }));
  });

  test.each([["AAAA", 28], ["MX", 15], ["TXT", 16], ["HTTPS", 65], ["ANY", 255], ["AXFR", 252]])("of another kind (%s) has no answer, and no error, and takes no address", (_kind, type) => {
    const table = openNameTable([]);
    const answer = answerInquiry(ask("api.example.test", { type }), table);
    expect([codeOf(answer), answersOf(answer), table.size()]).toEqual([0, 0, 0]);
  });

  test("that knows larger messages hears that we do", () => {
    const answer = answerInquiry(ask("api.example.test", { behind: [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0] }), openNameTable([]));
    expect([codeOf(answer), answersOf(answer), answer?.[11]]).toEqual([0, 1, 1]);
    expect([...(answer ?? []).slice(-11)]).toEqual([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
  });

  test.each(["localhost", "LOCALHOST", "app.localhost", "a.b.localhost"])("about %s leads to the program's own machine", (name) => {
    const table = openNameTable([]);
    expect(addressOf(answerInquiry(ask(name), table))).toBe("127.0.0.1");
    expect(table.size()).toBe(0);
  });

  test.each(["", "2130706433", "0x7f.1", "127.0.0.1", "-x.test", "a b.test", "caf\xe9.test", "a\0.test", "x.1"])("about %j, which is no host's name, has none", (name) => {
    const table = openNameTable([]);
    expect([codeOf(answerInquiry(ask(name), table)), table.size()]).toEqual([3, 0]);
  });

  test("in other words than a question's own is refused by its code alone, or not answered", () => {
    const table = openNameTable([]);
    const good = ask("api.example.test");
    expect(answerInquiry(good.subarray(0, 11), table)).toBeUndefined();
    expect(answerInquiry(ask("api.example.test", { flags: 0x8100 }), table)).toBeUndefined();
    expect(codeOf(answerInquiry(ask("api.example.test", { flags: 0x2800 }), table))).toBe(4);
    for (const [at, byte] of [[5, 0], [5, 2], [12, 0xc0], [12, 64], [12, 63]] as const) {
      const bad = Buffer.from(good);
      bad[at] = byte;
      expect([at, byte, codeOf(answerInquiry(bad, table))]).toEqual([at, byte, 1]);
    }
    expect(codeOf(answerInquiry(good.subarray(0, -1), table))).toBe(1);
    expect(codeOf(answerInquiry(ask(new Array<string>(128).fill("a").join(".")), table))).toBe(1);
    expect(table.size()).toBe(0);
  });
});

describe("whatever comes", () => {
  const judge = (bytes: Uint8Array): void => {
    const answer = answerInquiry(bytes, openNameTable([]));
    if (answer === undefined) return;
    // Nobody can have it send much more to somebody else than it was sent.
    expect(answer.length).toBeLessThanOrEqual(bytes.length + 27);
    expect(Buffer.from(answer).subarray(0, 2)).toEqual(Buffer.from(bytes).subarray(0, 2));
    expect((answer[2] ?? 0) & 0x80).toBe(0x80);
  };

  test("is answered in proportion, or not at all", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), judge), { numRuns: 2_000 });
  });

  test("also where one byte of a good question is another, or some are missing", () => {
    fc.assert(fc.property(hostName, fc.nat(300), fc.nat(255), fc.nat(40), (name, at, byte, cut) => {
      const bytes = ask(name, { behind: [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0] });
      bytes[at % bytes.length] = byte;
      judge(bytes.subarray(0, bytes.length - (cut % bytes.length)));
    }), { numRuns: 2_000 });
  });

  test("an answer of ours is no question to us", () => {
    const read = readInquiry(ask("api.example.test"));
    if (read.kind !== "question") throw new Error("a question was asked");
    expect(readInquiry(formatAnswer(read.question, NO_ERROR, Uint8Array.of(127, 1, 0, 1), 60))).toEqual({ kind: "drop" });
  });
});
