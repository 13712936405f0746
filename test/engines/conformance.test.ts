// What every engine promises (src/engines/engine.ts), judged at real servers: the same tests for each.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Digest, Engine } from "../../src/engines/engine.ts";
import { digestOf } from "../../src/engines/engine.ts";
import { openCuttingRelay } from "../support/cutting-relay.ts";
import { describeEngines } from "../support/engine-places.ts";
import { openPlace } from "../support/open-place.ts";
import { utf8 } from "../../src/bytes.ts";

const [A, B, C] = [utf8("first"), utf8("second"), utf8("third")];
/** For servers that do not answer: long enough for one that does, on a busy machine. */
const SHORT = { connectMs: 3_000, callMs: 3_000 };

async function bytesIn(engine: Engine, name: string): Promise<Uint8Array | undefined> {
  const found = await engine.read(name);
  return found.kind === "bytes" ? Uint8Array.from(found.bytes) : undefined;
}

async function failureOf(work: Promise<unknown>): Promise<{ readonly code: unknown; readonly text: string }> {
  try {
    await work;
  } catch (error) {
    return { code: (error as { code?: unknown }).code, text: error instanceof Error ? `${error.message} ${String((error as { hint?: unknown }).hint)}` : "" };
  }
  throw new Error("it did not fail");
}

/** Counts by compare and swap until it was counted so often. */
async function count(engine: Engine, name: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const found = await engine.read(name);
    const [value, known]: [number, Digest | undefined] = found.kind === "bytes" ? [Number(Buffer.from(found.bytes).toString()), digestOf(found.bytes)] : [0, undefined];
    const answer = await engine.replace(name, utf8(String(value + 1)), known);
    expect(answer).not.toBe("unknown");
    if (answer === "done") done += 1;
  }
}

describeEngines("an engine", (stage, kind) => {
  test("keeps what it is given, by compare and swap", async () => {
    const place = stage().place();
    const [engine, other] = [await openPlace(place), await openPlace(place)];
    expect(await engine.read("vault")).toEqual({ kind: "none" });
    expect(await engine.read("vault", digestOf(A))).toEqual({ kind: "none" });
    expect(await engine.replace("vault", A, digestOf(B))).toBe("changed");
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    expect(await other.replace("vault", B, undefined)).toBe("changed");
    expect(await bytesIn(other, "vault")).toEqual(A);
    expect(await other.read("vault", digestOf(A))).toEqual({ kind: "same" });
    expect(await other.replace("vault", C, digestOf(B))).toBe("changed");
    expect(await other.replace("vault", B, digestOf(A))).toBe("done");
    expect(await engine.replace("vault", C, digestOf(A))).toBe("changed");
    expect(await bytesIn(engine, "vault")).toEqual(B);
    expect(await engine.read("vault", digestOf(A))).toEqual({ kind: "bytes", bytes: Buffer.from(B) });
    // Other names and other places know nothing of it.
    expect(await engine.read("lease/vault")).toEqual({ kind: "none" });
    expect(await (await openPlace(stage().place())).read("vault")).toEqual({ kind: "none" });
  });

  test("removes by compare and swap, and what was removed may come again", async () => {
    const place = stage().place();
    const [engine, other] = [await openPlace(place), await openPlace(place)];
    expect(await engine.replace("lease/vault", undefined, undefined)).toBe("done");
    expect(await engine.replace("lease/vault", undefined, digestOf(A))).toBe("changed");
    expect(await engine.replace("lease/vault", A, undefined)).toBe("done");
    expect(await engine.replace("lease/vault", undefined, undefined)).toBe("changed");
    expect(await other.replace("lease/vault", undefined, digestOf(B))).toBe("changed");
    expect(await other.replace("lease/vault", undefined, digestOf(A))).toBe("done");
    expect(await engine.read("lease/vault", digestOf(A))).toEqual({ kind: "none" });
    expect(await engine.list("lease/", "", 10)).toEqual([]);
    expect(await engine.replace("lease/vault", B, digestOf(A))).toBe("changed");
    expect(await engine.replace("lease/vault", B, undefined)).toBe("done");
    expect(await bytesIn(other, "lease/vault")).toEqual(B);
  });

  test("lets one of sixteen be the first", async () => {
    const place = stage().place();
    const engines = await Promise.all(Array.from({ length: 16 }, () => openPlace(place)));
    const answers = await Promise.all(engines.map((engine, number) => engine.replace("vault", utf8(String(number)), undefined)));
    const winners = answers.flatMap((answer, number) => (answer === "done" ? [number] : []));
    expect(winners).toHaveLength(1);
    expect(answers.filter((answer) => answer === "changed")).toHaveLength(15);
    const [engine] = engines;
    expect(await bytesIn(engine!, "vault")).toEqual(utf8(String(winners[0])));
  });

  test("loses none of what eight count at once", async () => {
    const place = stage().place();
    const engines = await Promise.all(Array.from({ length: 8 }, () => openPlace(place)));
    await Promise.all(engines.map((engine) => count(engine, "count/one", 25)));
    expect(await bytesIn(engines[0]!, "count/one")).toEqual(utf8("200"));
  });

  test("lists in the order of bytes, by pages, below a prefix", async () => {
    const engine = await openPlace(stage().place());
    const names = ["log/a/0000000000000001", "log/a/0000000000000002", "log/a/0000000000000010", "log/ab/1", "log/b/1", "runs/r-1/0", "runs/r/0"];
    for (const name of [...names].reverse()) expect(await engine.replace(name, utf8(name), undefined)).toBe("done");
    const listed = async (prefix: string, after: string, max: number): Promise<string[]> => {
      const entries = await engine.list(prefix, after, max);
      for (const { name, bytes } of entries) expect(Uint8Array.from(bytes)).toEqual(utf8(name));
      return entries.map(({ name }) => name);
    };
    expect(await listed("log/a/", "", 100)).toEqual(names.slice(0, 3));
    expect(await listed("log/", "", 100)).toEqual(names.slice(0, 5));
    expect(await listed("", "", 100)).toEqual(names);
    expect(await listed("log/a/", "log/a/0000000000000001", 1)).toEqual(["log/a/0000000000000002"]);
    expect(await listed("log/a/", "log/a/0000000000000005", 100)).toEqual(["log/a/0000000000000010"]);
    expect(await listed("log/a/", "log/a/0000000000000010", 100)).toEqual([]);
    expect(await listed("log/b/", "log/a/0000000000000001", 100)).toEqual(["log/b/1"]);
    expect(await listed("none/", "", 100)).toEqual([]);
    const seen: string[] = [];
    for (let page = await listed("log/", "", 2); page.length > 0; page = await listed("log/", seen.at(-1) ?? "", 2)) seen.push(...page);
    expect(seen).toEqual(names.slice(0, 5));
    // What was removed is in no page, and a page of what was removed is not the end.
    for (const name of names.slice(0, 3)) expect(await engine.replace(name, undefined, digestOf(utf8(name)))).toBe("done");
    expect(await listed("log/", "", 1)).toEqual(["log/ab/1"]);
  });

  test.each([1, 1_000, 70_000, 4 * 1024 * 1024])("keeps %d bytes as they are", async (length) => {
    const place = stage().place();
    const bytes = Uint8Array.from(randomBytes(length));
    expect(await (await openPlace(place)).replace("vault", bytes, undefined)).toBe("done");
    const other = await openPlace(place);
    expect(digestOf((await bytesIn(other, "vault")) ?? A)).toBe(digestOf(bytes));
    expect((await other.list("", "", 5)).map(({ bytes: listed }) => digestOf(listed))).toEqual([digestOf(bytes)]);
  });

  test("has pages of few enough bytes to hold", async () => {
    const engine = await openPlace(stage().place());
    const bytes = Uint8Array.from(randomBytes(3 * 1024 * 1024));
    for (const number of [1, 2, 3, 4]) expect(await engine.replace(`runs/r/${number}`, bytes, undefined)).toBe("done");
    const [first, second] = [await engine.list("runs/r/", "", 100), await engine.list("runs/r/", "runs/r/2", 100)];
    expect([first, second].map((page) => page.map(({ name }) => name))).toEqual([["runs/r/1", "runs/r/2"], ["runs/r/3", "runs/r/4"]]);
  });

  test("tells a watcher of a change by another, also after the server was gone", async () => {
    const place = stage().place();
    const [engine, other] = [await openPlace(place), await openPlace(place)];
    const heard: number[] = [];
    const watch = engine.watch("vault", () => heard.push(heard.length));
    onTestFinished(() => { watch.close(); });
    const grows = async (from: number): Promise<void> => { await expect.poll(() => heard.length).toBeGreaterThan(from); };
    await grows(0);
    expect(await other.replace("vault", A, undefined)).toBe("done");
    await grows(1);
    await stage().stop();
    const before = heard.length;
    await stage().start();
    // Nobody knows what was missed.
    if (kind !== "s3") await grows(before);
    expect(await other.replace("vault", B, digestOf(A))).not.toBe("changed");
    await grows(before);
    // Of what is no longer watched nothing is heard.
    watch.close();
    const silent = heard.length;
    expect(await other.replace("vault", C, digestOf(B))).toBe("done");
    expect(await bytesIn(engine, "vault")).toEqual(C);
    expect(heard).toHaveLength(silent);
  });

  test("keeps over the server's end what it said is done, and works again when it is back", async () => {
    const engine = await openPlace(stage().place());
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    await stage().stop();
    for (const work of [() => engine.read("vault"), () => engine.list("", "", 1), () => engine.replace("vault", B, digestOf(A))]) expect((await failureOf(work())).code).toBe("store-unavailable");
    await stage().start();
    expect(await bytesIn(engine, "vault")).toEqual(A);
    expect(await engine.replace("vault", B, digestOf(A))).toBe("done");
  });

  test("loses nothing and makes nothing up while the server is killed among writers", async () => {
    const place = stage().place();
    const told = { done: 0, unknown: 0 };
    const write = async (engine: Engine): Promise<void> => {
      for (let done = 0; done < 25;) {
        const found = await engine.read("count/killed").catch(() => undefined);
        // Not there: it is asked again.
        if (found === undefined) await sleep(20);
        else {
          const [value, known]: [number, Digest | undefined] = found.kind === "bytes" ? [Number(Buffer.from(found.bytes).toString()), digestOf(found.bytes)] : [0, undefined];
          const answer = await engine.replace("count/killed", utf8(String(value + 1)), known).catch(() => "changed" as const);
          if (answer === "unknown") told.unknown += 1;
          if (answer === "done") [told.done, done] = [told.done + 1, done + 1];
        }
      }
    };
    const engines = await Promise.all([1, 2, 3, 4].map(() => openPlace(place)));
    const writing = Promise.all(engines.map(write));
    for (const least of [15, 40]) {
      await expect.poll(() => told.done, { interval: 1 }).toBeGreaterThan(least);
      await stage().stop();
      await stage().start();
    }
    await writing;
    const count = Number(Buffer.from((await bytesIn(engines[0]!, "count/killed")) ?? []).toString());
    expect(told.done).toBe(100);
    expect(count).toBeGreaterThanOrEqual(told.done);
    expect(count).toBeLessThanOrEqual(told.done + told.unknown);
  });

  test("is never wrong of a change whose answer was lost", async () => {
    const relay = await openCuttingRelay(stage().port);
    onTestFinished(() => relay.close());
    const engine = await openPlace(stage().place(relay.port));
    expect(await engine.replace("lease/x", A, undefined)).toBe("done");
    relay.set("cut-answer");
    expect(await engine.replace("lease/x", B, digestOf(A))).toBe("unknown");
    relay.set("pass");
    // The server had the whole question.
    await expect.poll(() => bytesIn(engine, "lease/x")).toEqual(B);
    relay.set("cut-question");
    expect(await engine.replace("lease/x", Uint8Array.from(randomBytes(2_000)), digestOf(B))).toBe("unknown");
    relay.set("pass");
    expect(await bytesIn(engine, "lease/x")).toEqual(B);
    expect(await engine.replace("lease/x", C, digestOf(B))).toBe("done");
  });

  test("gives up on a server that says nothing", async () => {
    const relay = await openCuttingRelay(stage().port);
    onTestFinished(() => relay.close());
    const engine = await openPlace(stage().place(relay.port), SHORT);
    expect(await engine.replace("lease/x", A, undefined)).toBe("done");
    relay.set("silent");
    expect(await engine.replace("lease/x", B, digestOf(A))).toBe("unknown");
    const { code, text } = await failureOf(engine.read("lease/x"));
    expect([code, text]).toEqual(["store-unavailable", expect.stringContaining("no answer in time")]);
    relay.set("pass");
    expect(await bytesIn(engine, "lease/x")).toEqual(A);
  });

  test("says nothing of the password that was refused", async () => {
    const { url, environment } = stage().place();
    const wrong = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, name === "AWS_ACCESS_KEY_ID" ? value : "wr0ng-Passw0rd"]));
    const engine = await openPlace({ url, environment: wrong });
    for (const work of [() => engine.read("vault"), () => engine.replace("vault", A, undefined), () => engine.list("", "", 1)]) {
      const { code, text } = await failureOf(work());
      expect(code).toBe("store-unavailable");
      expect(text).toMatch(/refuses the (user or the password|secret access key)/);
      expect(text).not.toContain("wr0ng");
    }
  });
});
