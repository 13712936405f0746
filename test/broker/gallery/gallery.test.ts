// The broker's gallery and its catalogue agree: every story of this folder has its line in SECURITY.md, by the very words of its name, and every line there is a story. Those that begin with "honestly" are for comparison.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { UNPLAYED } from "./unplayed.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const SECURITY = readFileSync(new URL("../../../SECURITY.md", import.meta.url), "utf8");
const ROW = /^\| (?<story>[^|]+) \| `test\/broker\/gallery\/(?<file>[a-z-]+\.test\.ts)` \|$/;
/** A name, and what follows it: cases are told apart behind a colon. */
const STORY = /^(?:it|it\.(?:each|skipIf)\(.*\)|\]\))\((?<name>"(?:[^"\\]|\\.)+"), (?:async )?\(/;

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".test.ts") && name !== "gallery.test.ts").sort();
const stories = files.flatMap((file) => namesIn(file).filter((name) => !name.startsWith("honestly")).map((name) => `${file}: ${name}`));
const lines = (SECURITY.split(/^## Attacks on a broker.*$/m)[1] ?? "").split(/^## /m)[0]?.split("\n").filter((line) => line.startsWith("|")).slice(2) ?? [];

function namesIn(file: string): string[] {
  return readFileSync(`${FOLDER}${file}`, "utf8").split("\n").flatMap((line) => {
    const name = STORY.exec(line)?.groups?.["name"];
    return name === undefined ? [] : [(JSON.parse(name) as string).replace(/: %[sj]$/, "")];
  });
}

/** What `.ci/broker` plays through a broker, of the gallery of attacks on a proxy. */
const PLAYED = new RegExp(/grep -lE "([\w|]+)"/.exec(readFileSync(new URL("../../../.ci/broker", import.meta.url), "utf8"))?.[1] ?? "$^");
const ATTACKS = fileURLToPath(new URL("../../attacks/", import.meta.url));

describe("the gallery of attacks on a proxy", () => {
  it("is played through a broker, but for those of which it is said why not", () => {
    const attacks = readdirSync(ATTACKS, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".test.ts") && name !== "gallery.test.ts");
    expect(attacks.filter((name) => !PLAYED.test(readFileSync(`${ATTACKS}${name}`, "utf8"))).sort()).toEqual(Object.keys(UNPLAYED).sort());
  });

  it("has, for each of those, the test that it names", () => {
    for (const [attack, { instead }] of Object.entries(UNPLAYED)) for (const [file, ...names] of instead) for (const name of names) expect(readFileSync(`${FOLDER}../${file}`, "utf8"), `${attack}: ${file}`).toContain(`"${name}`);
  });
});

describe("the catalogue of attacks on a broker", () => {
  it("has nothing but whole lines, each with a story and where it is shown", () => {
    expect(lines.filter((line) => !ROW.test(line))).toEqual([]);
    expect(lines.length).toBeGreaterThanOrEqual(40);
  });

  it("names every story of the gallery once, and no other", () => {
    expect(lines.map((line) => ROW.exec(line)?.groups).map((found) => `${found?.["file"] ?? ""}: ${found?.["story"] ?? ""}`).sort()).toEqual([...stories].sort());
  });

  it("has a story for each test that there is", () => {
    for (const file of files) expect(namesIn(file)).toHaveLength([...readFileSync(`${FOLDER}${file}`, "utf8").matchAll(/^it[.(]/gm)].length);
  });

  it.each(files)("opens with what is tried: %s", (file) => {
    expect(readFileSync(`${FOLDER}${file}`, "utf8")).toMatch(/^\/\/ .{40}/);
  });
});
