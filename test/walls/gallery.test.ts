// The wall's gallery and its catalogue agree, as those of the attacks do: every story of this folder has its line in SECURITY.md, every line there leads to a story, and each begins with what is tried.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const SECURITY = readFileSync(new URL("../../SECURITY.md", import.meta.url), "utf8");
const ROW = /^\| (?<attempt>[^|]+) \| (?<outcome>[^|]+) \| `test\/walls\/(?<file>[a-z0-9-]+\.test\.ts)` \|$/;

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".test.ts") && name !== "gallery.test.ts").sort();
const lines = (SECURITY.split(/^## Escapes.*$/m)[1] ?? "").split(/^## /m)[0]?.split("\n").filter((line) => line.startsWith("|")).slice(2) ?? [];

describe("the catalogue of escapes", () => {
  it("has nothing but whole lines, each with an attempt, what happens, and where it is shown", () => {
    expect(lines.filter((line) => !ROW.test(line))).toEqual([]);
    expect(lines.length).toBeGreaterThanOrEqual(40);
  });

  it("names every file of the gallery once, and no other", () => {
    expect(lines.map((line) => ROW.exec(line)?.groups?.["file"]).sort()).toEqual(files);
  });

  it.each(files)("opens with a story: %s", (file) => {
    expect(readFileSync(`${FOLDER}${file}`, "utf8")).toMatch(/^\/\/ .{40}/);
  });
});
