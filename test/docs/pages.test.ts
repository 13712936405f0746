// The pages of docs/ and README.md, block by block, as somebody types them who has nothing yet. `broker-page.test.ts` and `stores-page.test.ts` have the pages with several machines.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { can } from "../support/machine.ts";
import { hasTools } from "../support/transcript.ts";
import { ROOT, findBlocks, makeBlock, readPage, showsLine } from "./page-blocks.ts";
import { openPageStage } from "./page-stage.ts";
import { NOT_RUN, PAGES } from "./page-table.ts";

describe.skipIf(!hasTools())("a page's blocks do what it says (need curl and python3):", () => {
  it.each(Object.entries(PAGES))("%s", async (path, { arrives = [], needsWall = false, before, ...beginning }) => {
    const stage = await openPageStage(beginning);
    try {
      let seen = "";
      if (before !== undefined) expect((await stage.type(makeBlock(before))).status).toBe(0);
      for (const block of findBlocks(readPage(path))) {
        const isWalled = /--sandbox/.test(block.text);
        if (block.notRun !== undefined || (isWalled && !can.wall)) continue;
        const { status, output } = await stage.type(block);
        expect(status, `${path}: ${block.text}\n${output}`).toBe(block.status);
        for (const line of block.prints) expect(showsLine(output, line), `${path}: ${block.text}\nshould print: ${line}\nprinted:\n${output}`).toBe(true);
        seen += output;
      }
      if (needsWall && !can.wall) return;
      for (const [host, value] of arrives) {
        expect(stage.heard(host), `${host}\n${seen}`).toContain(value);
        expect(seen).not.toContain(value);
      }
    } finally {
      await stage.close();
    }
  }, 240_000);
});

it("what is not run is named, with the reason, and nothing else is", () => {
  const marked = Object.keys(PAGES).flatMap((path) => findBlocks(readPage(path)).flatMap(({ notRun }) => (notRun === undefined ? [] : [`${path}: ${notRun}`])));
  expect([...new Set(marked)].sort()).toEqual(Object.keys(NOT_RUN).sort());
});

it("each page with blocks to type is run, here or by a test of its own", () => {
  const ELSEWHERE = ["docs/broker.md", "docs/stores.md"];
  const pages = ["README.md", ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];
  expect(pages.filter((path) => findBlocks(readPage(path)).length > 0).sort()).toEqual([...Object.keys(PAGES), ...ELSEWHERE].sort());
});
