// Plain sentences: many readers have English as a second language. What stands behind a colon or a semicolon counts as one of its own.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, findSentences, readPage } from "./page-blocks.ts";

const WORDS_MAX = 30;
/** Older pages that have some longer ones. None gets more. */
const LONGER: Readonly<Record<string, number>> = { "docs/SEALED.md": 2, "docs/broker.md": 1, "docs/clients.md": 2, "docs/places.md": 1, "docs/stores.md": 5, "docs/wall-files.md": 1 };
const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];

describe("sentences of at most thirty words:", () => {
  it.each(pages)("%s", (page) => {
    const long = findSentences(readPage(page)).filter((sentence) => sentence.split(" ").length > WORDS_MAX);
    expect(long.length, long.join("\n")).toBeLessThanOrEqual(LONGER[page] ?? 0);
  });
});
