// A page of docs/, as its tests read it: the blocks that a reader types, and what the page says that they print.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Block {
  /** Of the nearest heading above. */
  readonly heading: string;
  /** What the shell reads. */
  readonly text: string;
  /** The name in `<!-- not run: NAME -->` above it, or undefined for a block that is run. */
  readonly notRun: string | undefined;
  /** From `<!-- ends with N -->` above it. */
  readonly status: number;
  /** Lines of the `text` block right below it, with `…` for what differs from time to time. */
  readonly prints: readonly string[];
}

/** @param path such as `docs/mcp.md`. */
export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** One that stands on no page. */
export function makeBlock(text: string): Block {
  return { heading: "", text, notRun: undefined, status: 0, prints: [] };
}

/** The `sh` blocks, in order. */
export function findBlocks(page: string): Block[] {
  const shown = /(?:^<!-- (not run: [\w-]+|ends with \d+) -->\n)?^```sh\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm;
  return [...page.matchAll(shown)].map(({ index, 1: mark = "", 2: text = "", 3: prints = "" }) => ({
    heading: [...page.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? "",
    text,
    notRun: /^not run: (.*)$/.exec(mark)?.[1],
    status: Number(/^ends with (\d+)$/.exec(mark)?.[1] ?? 0),
    prints: prints.split("\n").filter((line) => line !== ""),
  }));
}

/** Whether an output has a line as the page shows it. */
export function showsLine(output: string, line: string): boolean {
  const pattern = line.trim().split("…").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/\s+/g, "\\s+")).join(".*");
  return output.split(/\r?\n/).some((printed) => new RegExp(`^${pattern}$`).test(printed.trim()));
}

/** Prose alone: no blocks, comments, tables and headings. Code spans, links and quotations are one word each. */
export function findSentences(page: string): string[] {
  const prose = page.replaceAll(/^```[^]*?^```$/gm, "\n").replaceAll(/<!--[^]*?-->/g, "").replaceAll(/^(?:\||#|<).*$/gm, "\n");
  const plain = prose.replaceAll(/`[^`\n]+`/g, "CODE").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("**", "");
  const paragraphs = plain.split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )/).map((paragraph) => paragraph.replaceAll(/\s+/g, " ").trim());
  return paragraphs.flatMap((paragraph) => paragraph.split(/(?<=[.!?:;])\s+/)).filter((sentence) => sentence !== "");
}
