// Every link from a page of ours to a file of ours leads to one, and to a heading that is there.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./page-blocks.ts";

const FOLDERS = ["docs", "docs/reference", "deploy", "bench"];
const pages = ["README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md", ...FOLDERS.flatMap((folder) => (existsSync(join(ROOT, folder)) ? readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".md")).map((name) => `${folder}/${name}`) : []))].filter((page) => existsSync(join(ROOT, page)));

const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** Headings as GitHub names them, and anchors that stand there by themselves. */
function anchorsOf(page: string): Set<string> {
  const prose = textOf(page).replaceAll(/^```[^]*?^```$/gm, "");
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading.replaceAll(/[`*]|\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
  return new Set([...headings, ...[...prose.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = ""]) => name)]);
}

/** @returns the links that lead nowhere. */
function findLost(page: string): string[] {
  const prose = textOf(page).replaceAll(/^```[^]*?^```$/gm, "").replaceAll(/`[^`\n]+`/g, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(([, link, source]) => link ?? source ?? "").filter((link) => !/^[a-z]+:/.test(link));
  return links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && statSync(join(ROOT, target)).isFile() && target.endsWith(".md") && !anchorsOf(target).has(anchor);
  });
}

describe("links lead somewhere:", () => {
  it.each(pages)("%s", (page) => {
    expect(findLost(page)).toEqual([]);
  });

  it("from README.md to every page of docs/", () => {
    const readme = textOf("README.md");
    expect(pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && !readme.includes(`(${page})`))).toEqual([]);
  });
});
