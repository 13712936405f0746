// What README.md says of the wall before all else: the first example has it, in so many words, and the table of clients has every program that people ask about, and a reason for each that does not work.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { has } from "../support/escape-stage.ts";
import { can } from "../support/machine.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const README = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
const between = (start: string, end: string): string => README.slice(README.indexOf(start) + start.length, README.indexOf(end, README.indexOf(start)));
const FIRST = between("## A first secret", "\n## ");
const EXAMPLE = FIRST.split("```")[1] ?? "";

test("three sentences say what --sandbox does, right below the first example", () => {
  const paragraph = FIRST.split("```")[2]?.trim().split("\n\n")[0] ?? "";
  expect(paragraph).toMatch(/^`--sandbox` is for Linux with bubblewrap/);
  expect(paragraph.split(/(?<=\.) (?=[A-Z])/)).toHaveLength(3);
  for (const said of ["no vault, no key and no other login", "arrives at the proxy", "nothing starts, with the reason"]) expect(paragraph).toContain(said);
});

describe.skipIf(!can.wall || !has("curl"))("the first example (needs bubblewrap and curl)", () => {
  let stage: WallStage;
  beforeAll(async () => { stage = await openWallStage(); }, 60_000);
  afterAll(() => stage.close());

  test("runs behind the wall, and does what is said of it", async () => {
    const line = EXAMPLE.split("\n").find((one) => one.startsWith("vault run --sandbox -- ")) ?? "";
    const script = /^vault run --sandbox -- sh -c '([^']+)'$/.exec(line)?.[1] ?? "";
    expect(script).toContain("https://api.github.com/");
    expect((await stage.vault(["secrets", "create", "GITHUB_TOKEN", "--host", stage.bound, "--widen"], "a-token-of-nobody-0123456789")).status).toBe(0);
    const { status, out } = await stage.inside(script.replace("https://api.github.com", `https://${stage.bound}`));
    expect([status, out.split("\n")[0]]).toEqual([0, expect.stringMatching(/^\S*_\S{16,}$/)]);
    expect(stage.server.received()).toContain("a-token-of-nobody-0123456789");
    expect(out).not.toContain("a-token-of-nobody-0123456789");
  }, 60_000);
});

describe("the walled clients", () => {
  const table = between("<!-- walled-clients -->", "<!-- /walled-clients -->");
  const rows = table.split("\n").filter((line) => line.startsWith("| ") && !/^\| (?:client|tool) /.test(line));

  test("have a row each, or stand among those that an emptied environment does not hinder", () => {
    const rowed = ["Java: HttpClient", "Go: net/http", "Node: https, an Agent of its own", "Node: stripe", "Node: openai 4", "Node: ws", "Node: @aws-sdk/client-s3", "Python: aiohttp", "Python: httplib2, without its proxy", "PHP: streams", "MCP: a server in Python, its token alone in its `env`"];
    for (const name of rowed) expect(rows.find((row) => row.startsWith(`| ${name} |`)), name).toMatch(/✓/);
    const emptied = between("With an environment that `env -i` has emptied", "\n");
    for (const name of ["`localhost`", "Go's net/http", "`HttpClient`", "OkHttp on Java 17 and 25", "PHP's streams", "Chromium by Playwright with no proxy setting", "Firefox"]) expect(emptied).toContain(name);
  });

  test("that do not work are these, and the reason is told", () => {
    expect(rows.filter((row) => row.includes("–") || row.includes("?"))).toEqual(["| MCP: a server in Node, its token alone in its `env` | a tool's call | – |"]);
    expect(README).toMatch(/A program that has its roots in its own bytes reads no store: Node, which needs `NODE_EXTRA_CA_CERTS`/);
  });
});
