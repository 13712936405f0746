// Plain sentences: many readers have English as a second language. What stands behind a colon or a semicolon counts as one of its own, but there is a limit to the whole, too.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, findSentences, readPage } from "./page-blocks.ts";

const WORDS_MAX = 30;
/** Up to its full stop. */
const WHOLE_WORDS_MAX = 40;
const pages = ["README.md", "SECURITY.md", "CONTRIBUTING.md", ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];

interface Described {
  readonly summary?: string;
  readonly description?: string;
  readonly flags?: Readonly<Record<string, { readonly description?: string }>>;
}
const { commands } = JSON.parse(readPage("oclif.manifest.json")) as { readonly commands: Readonly<Record<string, Described>> };

const longIn = (page: string, wordsMax: number): string[] => findSentences(page).filter((sentence) => sentence.split(" ").length > wordsMax);

describe("sentences of at most thirty words, and forty with what hangs on them:", () => {
  const check = (text: string): void => {
    expect(longIn(text, WORDS_MAX)).toEqual([]);
    expect(longIn(text.replaceAll(/[:;](?= )/g, ","), WHOLE_WORDS_MAX)).toEqual([]);
  };

  it.each(pages)("%s", (name) => { check(readPage(name)); });

  it.each(Object.keys(commands))("the help of %s", (name) => {
    const { summary, description, flags = {} } = commands[name] ?? {};
    for (const text of [summary, description, ...Object.values(flags).map((flag) => flag.description)]) check(text ?? "");
  });
});
