import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import type { Extent } from "../../../src/agent/approvals/answer.ts";
import { HeldIds } from "../../../src/agent/approvals/held-ids.ts";
import type { HeldRequest } from "../../../src/agent/approvals/held-request.ts";
import { encodeApprovalReply } from "../../../src/agent/approvals/message.ts";
import { ApprovalQueue } from "../../../src/agent/approvals/queue.ts";
import { encodeFrame, FRAME_BYTES_MAX, NO_KEYS } from "../../../src/agent/wire/frame.ts";

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const request = (path: string, more: Partial<HeldRequest> = {}): HeldRequest => ({ kind: "request", run: "a1", programs: ["curl", "sh"], secrets: ["TOKEN"], secretIds: ["id-of-token"], rules: ["DELETE /**"], method: "DELETE", host: "api.example.com:443", path, body: { kind: "none" }, digest: digestOf(path), ...more });

/** As one that hangs up where it has no need to wait. */
const holdIn = (queue: ApprovalQueue, held: HeldRequest) => {
  const entry = queue.hold(held);
  return entry.kind === "held" ? entry : { decision: Promise.resolve(entry.decision), withdraw: () => undefined };
};
let nowMs = 0;
const clock = { now: () => ({ monotonicMs: nowMs, wallMs: nowMs }) };
const open = (waitMs?: number): ApprovalQueue => {
  nowMs = 1000;
  return new ApprovalQueue(clock, waitMs);
};
const only = (queue: ApprovalQueue) => {
  const [waiting] = queue.list();
  if (waiting === undefined) throw new Error("nothing waits");
  return waiting;
};
const allow = (queue: ApprovalQueue, extent: Extent) => {
  const { id, request: seen } = only(queue);
  return queue.settle(id, seen.digest, { kind: "allow", extent }, "command");
};

describe("a request that waits", () => {
  it("is let go by one answer, and by no second", async () => {
    const queue = open();
    const held = holdIn(queue, request("/a"));
    const { id } = only(queue);
    expect(allow(queue, { kind: "once" })).toBe(true);
    expect(await held.decision).toEqual({ kind: "allowed", by: "command", extent: "once" });
    expect(queue.settle(id, digestOf("/a"), { kind: "deny", reason: "" }, "command")).toBe(false);
    expect(queue.list()).toEqual([]);
  });

  it("is denied with the reason", async () => {
    const queue = open();
    const held = holdIn(queue, request("/a"));
    queue.settle(only(queue).id, digestOf("/a"), { kind: "deny", reason: "not on a Friday" }, "page");
    expect(await held.decision).toEqual({ kind: "denied", by: "page", reason: "not on a Friday" });
  });

  it("is not let go by an answer that was meant for another", () => {
    const queue = open();
    const [first, second] = [holdIn(queue, request("/a")), holdIn(queue, request("/b"))];
    const [a, b] = queue.list();
    expect(queue.settle(a?.id ?? "", digestOf("/b"), { kind: "allow", extent: { kind: "once" } }, "command")).toBe(false);
    expect(queue.settle(b?.id ?? "", digestOf("/a"), { kind: "allow", extent: { kind: "once" } }, "command")).toBe(false);
    expect(queue.list()).toHaveLength(2);
    first.withdraw();
    second.withdraw();
  });

  it("is asked for anew when it comes again, the same to the byte", () => {
    const queue = open();
    holdIn(queue, request("/a"));
    const { id } = only(queue);
    allow(queue, { kind: "once" });
    holdIn(queue, request("/a"));
    expect(only(queue).id).not.toBe(id);
    queue.clear();
  });

  it("is refused when nobody answers in time", async () => {
    vi.useFakeTimers();
    try {
      const queue = open(120_000);
      const held = holdIn(queue, request("/a"));
      nowMs += 60_000;
      expect(only(queue)).toMatchObject({ waitedMs: 60_000, leftMs: 60_000 });
      vi.advanceTimersByTime(120_000);
      expect(await held.decision).toEqual({ kind: "unanswered" });
      expect(queue.list()).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is gone when its program is, and all of them with the agent", async () => {
    const queue = open();
    const [first, second] = [holdIn(queue, request("/a")), holdIn(queue, request("/b"))];
    first.withdraw();
    expect(queue.list()).toHaveLength(1);
    queue.clear();
    expect(await second.decision).toEqual({ kind: "ended" });
  });
});

describe("many", () => {
  it("wait at once, each with a name of its own; one too many is refused", async () => {
    const queue = open();
    const held = Array.from({ length: 512 }, (_, index) => holdIn(queue, request(`/${index}`, { run: index % 2 === 0 ? "a1" : "b2" })));
    expect(new Set(queue.list().map(({ id }) => id)).size).toBe(512);
    expect(await holdIn(queue, request("/more", { run: "c3" })).decision).toEqual({ kind: "crowded" });
    for (const one of held) one.withdraw();
    expect(queue.list()).toEqual([]);
  });

  it("of one run leave room for those of another, by their number and by their length", async () => {
    const queue = open();
    for (let index = 0; index < 256; index += 1) holdIn(queue, request(`/${index}`));
    expect(await holdIn(queue, request("/more")).decision).toEqual({ kind: "crowded" });
    holdIn(queue, request("/other", { run: "b2" })).withdraw();
    queue.clear();
    let long = 0;
    while (queue.hold(request(`/${"x".repeat(64_000)}`)).kind === "held") long += 1;
    expect(long).toBeGreaterThan(50);
    holdIn(queue, request("/other", { run: "b2" }));
    queue.clear();
  });

  it("of long bodies are held without those that do not fit in", () => {
    const queue = open();
    const bytes = new Uint8Array(1024 * 1024);
    for (let index = 0; index < 70; index += 1) holdIn(queue, request(`/${index}`, { body: { kind: "held", bytes } }));
    const waiting = queue.list();
    expect(waiting.filter(({ isBodyKept }) => isBodyKept)).toHaveLength(64);
    expect(waiting.at(-1)).toMatchObject({ isBodyKept: false, request: { body: { kind: "unread", length: bytes.length } } });
    queue.clear();
    holdIn(queue, request("/after", { body: { kind: "held", bytes } }));
    expect(only(queue).isBodyKept).toBe(true);
    queue.clear();
  });
});

describe("names", () => {
  it("are none of the last ones, and no memory of all that were ever given", () => {
    const ids = new HeldIds(1, 16);
    const drawn = Array.from({ length: 2000 }, () => ids.draw());
    for (const [index, id] of drawn.entries()) expect(drawn.slice(Math.max(0, index - 16), index)).not.toContain(id);
  });
});

it("requests with long paths do not keep a person from seeing what waits", () => {
  const queue = open();
  const path = `/?${'"'.repeat(64_000)}`;
  for (let index = 0; index < 512; index += 1) queue.hold(request(path, { run: index % 2 === 0 ? "a1" : "b2" }));
  const waiting = queue.list();
  expect(waiting.length).toBeGreaterThan(50);
  expect(encodeFrame({ body: encodeApprovalReply({ kind: "waiting", waiting }), keys: NO_KEYS }).length).toBeLessThan(FRAME_BYTES_MAX);
  queue.clear();
  expect(queue.hold(request("/a")).kind).toBe("held");
  queue.clear();
});

describe("an approval that stands", () => {
  const others: readonly (readonly [string, Partial<HeldRequest>])[] = [
    ["another path", {}],
    ["another run", { run: "b2" }],
    ["another method", { method: "POST" }],
    ["another host", { host: "other.example.com:443" }],
    ["another rule", { rules: ["DELETE /repos/**"] }],
    ["a rule more", { rules: ["DELETE /**", "* /repos/**"] }],
    ["another secret", { secrets: ["OTHER"], secretIds: ["id-of-other"] }],
    ["another scope's secret of that name", { secretIds: ["id-of-other"] }],
    ["a secret more", { secrets: ["TOKEN", "OTHER"], secretIds: ["id-of-token", "id-of-other"] }],
    ["a wish", { kind: "wish" }],
  ];
  it.each<[Extent, readonly string[]]>([
    [{ kind: "once" }, []],
    [{ kind: "run" }, ["another path"]],
    [{ kind: "time", ms: 600_000 }, ["another path", "another run"]],
    [{ kind: "rule" }, ["another path", "another run", "another method", "another host"]],
  ])("for %j lets go %j, and nothing else", async (extent, expected) => {
    const queue = open();
    holdIn(queue, request("/a"));
    allow(queue, extent);
    const passed: string[] = [];
    for (const [name, more] of others) {
      const held = holdIn(queue, request("/b", more));
      if (queue.list().length === 0) {
        passed.push(name);
        expect(await held.decision).toEqual({ kind: "allowed", by: "standing", extent: extent.kind });
      }
      held.withdraw();
    }
    expect(passed).toEqual(expected);
  });

  it("lets go those that wait already", async () => {
    const queue = open();
    const [first, second, third] = [holdIn(queue, request("/a")), holdIn(queue, request("/b")), holdIn(queue, request("/c", { run: "b2" }))];
    allow(queue, { kind: "run" });
    expect((await first.decision).kind).toBe("allowed");
    expect(await second.decision).toEqual({ kind: "allowed", by: "standing", extent: "run" });
    expect(queue.list()).toHaveLength(1);
    third.withdraw();
  });

  it.each([["a laptop that sleeps", 1000, 600_000], ["a clock that is put back", 600_000, -86_400_000]])("for some minutes ends with them, whatever becomes of the clocks: %s", (_name, monotonicMs, wallMs) => {
    const instant = { monotonicMs: 5000, wallMs: 1_700_000_000_000 };
    const queue = new ApprovalQueue({ now: () => ({ ...instant }) });
    holdIn(queue, request("/a"));
    allow(queue, { kind: "time", ms: 600_000 });
    holdIn(queue, request("/b"));
    expect(queue.list()).toHaveLength(0);
    instant.monotonicMs += monotonicMs;
    instant.wallMs += wallMs;
    holdIn(queue, request("/c"));
    expect(queue.list()).toHaveLength(1);
    queue.clear();
  });

  it("for some minutes ends with them, and all end with the lock", () => {
    const queue = open();
    holdIn(queue, request("/a"));
    allow(queue, { kind: "time", ms: 600_000 });
    nowMs += 600_000;
    holdIn(queue, request("/b"));
    expect(queue.list()).toHaveLength(1);
    allow(queue, { kind: "rule" });
    queue.clear();
    holdIn(queue, request("/c"));
    expect(queue.list()).toHaveLength(1);
    queue.clear();
  });
});
