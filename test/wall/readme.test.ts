// What README.md and docs/clients.md say of the wall: what it does in some sentences below the first agent, and a table of clients that has every program which people ask about, with a reason for each that does not work.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { has } from "../support/escape-stage.ts";
import { can } from "../support/machine.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const readPage = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const README = readPage("README.md");
const CLIENTS = readPage("docs/clients.md");
const between = (start: string, end: string, page = CLIENTS): string => page.slice(page.indexOf(start) + start.length, page.indexOf(end, page.indexOf(start)));
const FIRST = between("## A first agent", "\n## ", README);
const EXAMPLE = between("\nvault run -- sh -c '", "'\n", README);

test("six sentences say what --sandbox does, right below the first agent", () => {
  const paragraph = FIRST.split("```")[2]?.trim().split("\n\n")[0] ?? "";
  expect(paragraph).toMatch(/^`--sandbox` is for Linux with bubblewrap/);
  expect(paragraph.split(/(?<=\.) (?=[A-Z])/).length).toBeLessThanOrEqual(6);
  for (const said of ["no vault, no key and no other login", "arrives at the proxy", "nothing starts, with the reason"]) expect(paragraph).toContain(said);
});

describe.skipIf(!can.wall || !has("curl"))("the first example (needs bubblewrap and curl)", () => {
  let stage: WallStage;
  beforeAll(async () => { stage = await openWallStage(); }, 60_000);
  afterAll(() => stage.close());

  test("runs behind the wall as well", async () => {
    expect(EXAMPLE).toContain("https://api.github.com/");
    expect((await stage.vault(["secrets", "create", "GITHUB_TOKEN", "--host", stage.bound, "--widen"], "a-token-of-nobody-0123456789")).status).toBe(0);
    const { status, out } = await stage.inside(EXAMPLE.replace("https://api.github.com", `https://${stage.bound}`));
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
    const emptied = between("With an environment that `env -i` has emptied", "\n\nWhat else");
    for (const name of ["`localhost`", "Go's net/http", "`HttpClient`", "OkHttp, on Java 17 and 25", "PHP's streams", "Chromium by Playwright with no proxy setting", "Firefox"]) expect(emptied).toContain(name);
  });

  test("that do not work are these, and the reason is told", () => {
    expect(rows.filter((row) => row.includes("–") || row.includes("?"))).toEqual(["| MCP: a server in Node, its token alone in its `env` | a tool's call | – |"]);
    expect(CLIENTS).toMatch(/A program that has its roots in its own bytes reads no store: Node, which needs `NODE_EXTRA_CA_CERTS`/);
  });
});
