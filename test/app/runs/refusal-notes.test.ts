import { expect, test } from "vitest";
import { openRefusalNotes } from "../../../src/app/runs/refusal-notes.ts";
import type { ProxyEvent } from "../../../src/proxy/grants/event.ts";

const refused = (authority: string, options: Partial<Extract<ProxyEvent, { kind: "refused" }>> = {}): ProxyEvent => ({ kind: "refused", request: "ab-1", authority, method: "GET", secrets: ["KEY"], code: "host", text: `KEY was not sent to ${authority}`, remedy: "what allows it", ...options });

test("one line for each kind of refusal, secret and host, whether or not the person can allow it", () => {
  const notes = openRefusalNotes();
  expect(notes.lines()).toEqual([]);
  for (const event of [refused("a.test:443"), refused("a.test:443", { request: "ab-2" }), refused("b.test:443"), refused("a.test:443", { secrets: ["OTHER"] }), refused("a.test:443", { code: "place" }), refused("c.test:443", { remedy: undefined })]) notes.hear(event);
  notes.hear({ kind: "tunnelled", request: "ab-3", authority: "d.test:443" });
  expect(notes.lines()).toHaveLength(5);
  expect(notes.lines()[0]).toBe("KEY was not sent to a.test:443; what allows it (vault help host; request ab-1)");
  expect(notes.lines()[4]).toBe("KEY was not sent to c.test:443 (vault help host; request ab-1)");
});

test("a program that tries thousands of hosts fills neither memory nor terminal", () => {
  const notes = openRefusalNotes();
  for (let host = 0; host < 5_000; host += 1) notes.hear(refused(`h${host}.test:443`));
  expect(notes.lines()).toHaveLength(21);
  expect(notes.lines().at(-1)).toContain("vault audit --html");
});
