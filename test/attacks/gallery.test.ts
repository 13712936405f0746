// The gallery and its catalogue agree: every attack in this folder has its line in SECURITY.md, every line there leads to a file here,
// and every file begins with the story of its attack.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const SECURITY = readFileSync(new URL("../../SECURITY.md", import.meta.url), "utf8");
const ROW = /^\| (?<attack>[^|]+) \| (?<outcome>[^|]+) \| `test\/attacks\/(?<file>(?:(?:inside|rules)\/)?[a-z0-9-]+\.test\.ts)` \|$/;

/** Those of `inside/` are played by the run's own program, or by another one of the same user. */
const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/")).filter((name) => name.endsWith(".test.ts") && name !== "gallery.test.ts").sort();
const lines = (SECURITY.split(/^## Attacks.*$/m)[1] ?? "").split(/^## /m)[0]?.split("\n").filter((line) => line.startsWith("|")).slice(2) ?? [];

describe("the catalogue of attacks", () => {
  it("has nothing but whole lines, each with an attack, what happens, and where it is shown", () => {
    expect(lines.filter((line) => !ROW.test(line))).toEqual([]);
    expect(lines.length).toBeGreaterThan(0);
  });

  it("names every file of the gallery once, and no other", () => {
    expect(lines.map((line) => ROW.exec(line)?.groups?.["file"]).sort()).toEqual(files);
  });

  it.each(files)("opens with a story: %s", (file) => {
    expect(readFileSync(`${FOLDER}${file}`, "utf8")).toMatch(/^\/\/ .{40}/);
  });
});
