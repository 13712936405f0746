import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { findCodeSections, listCodes, parseHelpPage } from "../../../src/cli/output/help-text.ts";
import { NODE, RUN_JS } from "../../support/program.ts";

const PAGE = "# A page of **ours**\n\nWhat it is: [stores](stores.md#x), [this](https://example.com/), [a file](../src/a.ts).\n\n## First\n\n<!-- not run: x -->\n```sh\n## no heading\nvault status\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## Second\n\n![picture](a.svg)\nEnd.\n";
const MESSAGES = "# M\n\n## Refusals\n\n### Refused: `host`\n\nHTTP status 403. Why.\n\nDo.\n\n### Refused: `locked`\n\nOne.\n\n## Errors\n\n### Error: `locked`\n\nTwo.\n";

describe("a page as the terminal shows it", () => {
  test("is its beginning, with the first section where it has no commands before", () => {
    const page = parseHelpPage(PAGE);
    expect(page.title).toBe("A page of ours");
    expect(page.sections).toEqual(["First", "Second"]);
    expect(page.short).toBe("A page of ours\n\nWhat it is: stores (vault help stores), this (https://example.com/), a file.\n\nFirst\n\n    ## no heading\n    vault status\n\n| a | b |\n| 1 | 2 |");
    expect(page.whole).toBe(`${page.short}\n\nSecond\n\nEnd.`);
  });

  test("of a code is each section of that code, and no more", () => {
    expect(listCodes(MESSAGES)).toEqual(["host", "locked"]);
    expect(findCodeSections(MESSAGES, "host")).toEqual(["Refused: `host`\n\nHTTP status 403. Why.\n\nDo."]);
    expect(findCodeSections(MESSAGES, "locked")).toEqual(["Refused: `locked`\n\nOne.", "Error: `locked`\n\nTwo."]);
  });
});

const help = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, "help", ...args], { encoding: "utf8", env: { PATH: process.env["PATH"] } });
  return { status, stdout, stderr };
};

describe("vault help", () => {
  test("shows a topic, all of it, a code, and a command's own help", () => {
    expect(help("mcp").stdout).toContain("all of it: vault help mcp --all");
    expect(help("mcp", "--all").stdout).toContain("vault login notion-mcp");
    expect(help("unmatched-host").stdout).toMatch(/^Refused: `unmatched-host`\n\nHTTP status 403\. /);
    expect(help("secrets", "create").stdout).toContain("USAGE\n  $ vault secrets create NAME");
    expect(help("--help").stdout).toContain("USAGE\n  $ vault help ");
  });

  test("of the first word of several commands lists them, as --help does", () => {
    for (const word of ["secrets", "identity", "store"]) {
      const { status, stdout } = help(word);
      expect([word, status, stdout.trim()]).toEqual([word, 0, spawnSync(NODE, [RUN_JS, word, "--help"], { encoding: "utf8" }).stdout.trim()]);
      expect(stdout).toContain(`COMMANDS\n  ${word} `);
    }
    for (const word of ["services", "skill"]) expect(help(word).stdout).toMatch(new RegExp(`COMMANDS\n  ${word} |the command's own help: vault ${word} --help`));
  });

  test("with --json is one object, whatever is asked for", () => {
    for (const args of [[], ["mcp"], ["unmatched-host"], ["status"], ["secrets"], ["secrets", "create"], ["help"], ["--help"]]) {
      const { status, stdout } = help(...args, "--json");
      expect([args, status, Object.keys(JSON.parse(stdout) as object).includes(args.length === 0 ? "topics" : "text")]).toEqual([args, 0, true]);
    }
  });

  test("says what a topic that is not there may have meant, and does not repeat it", () => {
    expect(help("stroes")).toMatchObject({ status: 7, stdout: "", stderr: expect.stringContaining("did you mean: vault help stores") as string });
    expect(help("sk-proj-something-secret").stderr).not.toContain("sk-proj");
  });
});
