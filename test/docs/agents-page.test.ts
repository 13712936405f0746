// docs/agents.md's table of what each agent has of the home folder behind the wall, as the presets say.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { listPresets } from "../../src/wall/presets/bundled.ts";

const PAGE = fileURLToPath(new URL("../../docs/agents.md", import.meta.url));
const [BEGIN, END] = ["<!-- presets -->\n", "<!-- /presets -->"];
/** `VAULT_WRITE_AGENTS=1` writes the table instead of checking it. */
const isWriting = process.env["VAULT_WRITE_AGENTS"] === "1";

const paths = (list: readonly string[]): string => list.map((path) => `\`~/${path}\``).join(" ") || "–";

it("docs/agents.md has the table that follows from the wall's presets", () => {
  const rows = listPresets().filter(({ writable, own }) => writable.length + own.length > 0).map(({ title, programs, writable, replaced, readOnly }) => `| ${title} | ${programs.map((program) => `\`${program}\``).join(" ")} | ${paths([...writable, ...replaced.map(({ path }) => path)])} | ${paths(readOnly)} |`);
  const table = ["| agent | started as | it has, and may write | in that it may only read |", "|---|---|---|---|", ...rows, ""].join("\n");
  const page = readFileSync(PAGE, "utf8");
  const [begin, end] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  expect(end).toBeGreaterThan(begin - 1);
  if (isWriting) writeFileSync(PAGE, `${page.slice(0, begin)}${table}${page.slice(end)}`);
  else expect(page.slice(begin, end)).toBe(table);
});
