// `vault mcp` as a real host has it: the client of the protocol's own SDK, which starts it. `.ci/clients` installs it. That real agents list the skill is seen in test/agents/skill.test.ts.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watch } from "../support/built-vault.ts";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeBin } from "../support/transcript.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const CLIENTS = at("node_modules/.cache/clients/");
const VALUE = "ghp_4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2";

const HOST = `
import { createRequire } from "node:module";
const load = createRequire("${CLIENTS}any.js");
const { Client } = load("@modelcontextprotocol/sdk/client/index.js"), { StdioClientTransport } = load("@modelcontextprotocol/sdk/client/stdio.js");
const client = new Client({ name: "host", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command: process.argv[2], args: process.argv.slice(3), env: process.env, stderr: "inherit" }));
const { tools } = await client.listTools();
const call = (name, args) => client.callTool({ name, arguments: args });
console.log(JSON.stringify({
  version: client.getServerVersion().name, instructions: client.getInstructions(), tools: tools.map(({ name }) => name),
  list: await call("list", {}), explain: await call("explain", { method: "get", url: "https://api.github.com/user" }), elsewhere: await call("explain", { method: "GET", url: "https://evil.example/", secret: "GITHUB_TOKEN" }), wrong: await call("explain", { method: "GET", url: "nonsense" }),
}));
await client.close();
`;

const ASKING = `
import { createRequire } from "node:module";
const load = createRequire("${CLIENTS}any.js");
const { Client } = load("@modelcontextprotocol/sdk/client/index.js"), { StdioClientTransport } = load("@modelcontextprotocol/sdk/client/stdio.js");
const client = new Client({ name: "host", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command: process.argv[2], args: process.argv.slice(3), env: process.env, stderr: "inherit" }));
const asked = client.callTool({ name: "ask", arguments: { what: "OTHER_TOKEN", reason: "to post the news" } });
await client.callTool({ name: "list", arguments: {} });
console.log("LISTED");
const { isError, content: [{ text }] } = await asked;
console.log("ANSWERED", isError, text);
await client.close();
`;

interface Told {
  readonly version: string;
  readonly instructions: string;
  readonly tools: readonly string[];
  readonly list: { readonly structuredContent: Record<string, unknown> };
  readonly explain: { readonly structuredContent: Record<string, unknown>; readonly content: readonly { readonly text: string }[] };
  readonly elsewhere: { readonly content: readonly { readonly text: string }[] };
  readonly wrong: { readonly isError: boolean };
}

let home: string;
let env: Record<string, string>;
const vault = (input: string, ...args: readonly string[]): number | null => spawnSync(NODE, [RUN_JS, ...args], { env, input }).status;
const talk = (...before: readonly string[]): Told => {
  const [program, ...args] = [...before, NODE, join(home, "host.mjs"), NODE, RUN_JS, "mcp"];
  const { stdout, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
  expect(`${stdout}${stderr}`).not.toContain(VALUE);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Told;
};

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "vault-mcp-"));
  mkdirSync(join(home, "bin"));
  symlinkSync(NODE, join(home, "bin/node"));
  env = { PATH: `${join(home, "bin")}:${process.env["PATH"] ?? ""}`, HOME: home, TMPDIR: home, NO_COLOR: "1", TERM: "dumb" };
  writeFileSync(join(home, "host.mjs"), HOST);
  expect(vault("", "init", "--provider", "file")).toBe(0);
  expect(vault(VALUE, "secrets", "create", "GITHUB_TOKEN")).toBe(0);
});
afterAll(() => { rmSync(home, { recursive: true, force: true }); });

describe.skipIf(!existsSync(`${CLIENTS}node_modules/@modelcontextprotocol/sdk`))("the SDK's client (needs .ci/clients)", () => {
  it.each([["outside of a run", []], ["in a run", [NODE, RUN_JS, "run", "--"]]] as const)("%s lists and explains, and gets no value", (_where, before) => {
    const told = talk(...before);
    expect([told.version, told.tools]).toEqual(["vault", ["list", "explain", "ask"]]);
    expect(told.instructions).toContain("never ask the person to paste one");
    expect(told.list.structuredContent).toMatchObject({ secrets: [{ name: "GITHUB_TOKEN", service: "github" }], verified: true });
    expect(told.explain.structuredContent).toMatchObject({ method: "GET", host: "api.github.com:443", route: { kind: "intercepted" } });
    expect(told.elsewhere.content[0]?.text).toMatch(/GITHUB_TOKEN/);
    expect(told.wrong.isError).toBe(true);
  });
});

describe.skipIf(!existsSync(`${CLIENTS}node_modules/@modelcontextprotocol/sdk`))("ask (needs .ci/clients)", () => {
  it("has the person of the run asked, and waits for the answer, while other questions are answered", async () => {
    // With a rule that asks, there is somebody to be asked from the start.
    expect(vault("", "secrets", "update", "GITHUB_TOKEN", "--ask", "DELETE /**")).toBe(0);
    writeFileSync(join(home, "asking.mjs"), ASKING);
    const run = watch(spawn(NODE, [RUN_JS, "run", "--", NODE, join(home, "asking.mjs"), NODE, RUN_JS, "mcp"], { env, stdio: ["ignore", "pipe", "pipe"] }), () => undefined);
    await run.said("LISTED");
    const waiting = (): { readonly id: string }[] => JSON.parse(spawnSync(NODE, [RUN_JS, "approve", "--json"], { env, encoding: "utf8" }).stdout) as { id: string }[];
    await expect.poll(() => waiting().length).toBe(1);
    expect(vault("", "deny", waiting()[0]?.id ?? "", "--reason", "use the other one")).toBe(0);
    expect(await run.ended, run.output()).toBe(0);
    expect(run.output()).toMatch(/^ANSWERED true the person who started the run said no: use the other one$/m);
    vault("", "lock");
  });

  it("is refused outside of a run", () => {
    const { stdout } = spawnSync(NODE, [RUN_JS, "mcp"], { env, encoding: "utf8", input: `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "ask", arguments: { what: "GITHUB_TOKEN" } } })}\n` });
    expect(JSON.parse(stdout)).toMatchObject({ result: { isError: true, content: [{ text: expect.stringContaining("not inside a run") as unknown }] } });
  });
});

it.skipIf(!can.wall)("behind the wall (needs bubblewrap), where there is no vault, names of variables alone are told", () => {
  const project = join(home, "project");
  const bin = makeBin(join(project, "shown"), true);
  writeFileSync(join(project, "walled.sh"), `echo '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list"}}' | vault mcp\n`);
  const { stdout, stderr } = spawnSync("vault", ["run", "--", "sh", "walled.sh"], { env: { ...env, PATH: `${bin}:${env["PATH"] ?? ""}` }, cwd: project, encoding: "utf8" });
  expect(stdout, stderr).toContain('"variables":[{"name":"GITHUB_TOKEN","service":"github","hosts":["api.github.com:443"');
  expect(stdout).not.toMatch(/ghp_/);
});

describe("the skill", () => {
  it("is as agents want it: a name that is its folder's, and a description of no more than 1024 characters", () => {
    const [, head = "", text = ""] = /^---\n([^]*?)\n---\n([^]*)$/.exec(readFileSync(at("skills/vault/SKILL.md"), "utf8")) ?? [];
    expect(/^name: vault$/m.test(head)).toBe(true);
    expect((/^description: (.*)$/m.exec(head)?.[1] ?? "").length).toBeGreaterThan(50);
    expect((/^description: (.*)$/m.exec(head)?.[1] ?? "").length).toBeLessThanOrEqual(1024);
    expect(text.split("\n").length).toBeLessThan(200);
  });

  it("is put there once, left where somebody has changed it, and replaced where that was asked", () => {
    const file = join(home, ".claude/skills/vault/SKILL.md");
    const install = (...flags: readonly string[]): [number | null, string] => {
      const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, "skill", "install", "claude", ...flags], { env, encoding: "utf8", cwd: home });
      return [status, `${stdout}${stderr}`];
    };
    expect(install()).toEqual([0, `installed: ${file}\n`]);
    expect(install()).toEqual([0, `unchanged: ${file}\n`]);
    writeFileSync(file, "mine");
    expect(install()[0]).toBe(8);
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(install("--replace")).toEqual([0, `replaced: ${file}\n`]);
    expect(readFileSync(file, "utf8")).toBe(readFileSync(at("skills/vault/SKILL.md"), "utf8"));
    expect(install("--project", "--json")[1]).toContain('"outcome":"unchanged"');
    expect(vault("", "skill", "install", "nobody")).toBe(2);
  });
});
