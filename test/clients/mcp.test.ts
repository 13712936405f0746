// Servers that an MCP host starts. Hosts pass on a few variables only (their SDK: HOME, LOGNAME, PATH, SHELL, TERM, USER) and those that a server's settings name, so that a server has a placeholder and nothing of the way to the proxy.
// Host and server are real ones from npm: `.ci/clients` installs them.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Origin } from "../support/origin.ts";
import { openOrigin } from "../support/origin.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { compareRow, formatToolRow } from "./readme-table.ts";

const TOKEN = "tok-9Wk3~real-value-of-the-mcp-test";
const CLIENTS = fileURLToPath(new URL("../../node_modules/.cache/clients/", import.meta.url));
const SERVER = `${CLIENTS}node_modules/@modelcontextprotocol/server-gitlab/dist/index.js`;
const isHere = existsSync(SERVER) && existsSync(`${CLIENTS}node_modules/@modelcontextprotocol/sdk`);

/** A host as the SDK has it: starts the server that its argument describes, calls one tool, and prints what came back. */
const HOST = `
import { createRequire } from "node:module";
const load = createRequire("${CLIENTS}any.js");
const { Client } = load("@modelcontextprotocol/sdk/client/index.js"), { StdioClientTransport } = load("@modelcontextprotocol/sdk/client/stdio.js");
const { command, args, env, passOn } = JSON.parse(process.argv[2]);
const client = new Client({ name: "host", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command, args, stderr: "inherit", env: { ...env, ...Object.fromEntries(passOn.map((name) => [name, process.env[name]])) } }));
const { content } = await client.callTool({ name: "search_repositories", arguments: { search: "any" } }).catch((error) => ({ content: [{ text: error.message }] }));
console.log(content[0].text.replace(/\\s+/g, " "));
await client.close();
`;

interface ServerSettings {
  readonly command: string;
  readonly args: readonly string[];
  /** Of the host's own variables. */
  readonly passOn?: readonly string[];
}

interface Told {
  readonly out: string;
  readonly err: string;
}

let origin: Origin;
let folder: string;
let variables: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vault-mcp-"));
  origin = await openOrigin(TOKEN, folder, "localhost");
  mkdirSync(join(folder, "home"));
  // The vault is where it is by default: a server that is started with few variables finds it by HOME.
  variables = { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home") };
  writeFileSync(join(folder, "host.mjs"), HOST);
  await start(NODE, [RUN_JS, "init", "--provider", "file"]);
  // Beside the vault, since a run inside another takes no --upstream-ca.
  writeFileSync(join(folder, "home/.local/share/vault/roots.pem"), origin.certificate, { mode: 0o600 });
  await start(NODE, [RUN_JS, "secrets", "create", "TOKEN", "--host", `localhost:${origin.port}`], TOKEN);
});

afterAll(async () => {
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(command: string, args: readonly string[], input = ""): Promise<Told> {
  const child = spawn(command, args, { cwd: folder, env: variables });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", () => {
    expect(out + err).not.toContain(TOKEN);
    resolve({ out, err });
  }));
}

const inRun = (...words: readonly string[]): string[] => [RUN_JS, "run", "-s", "GITLAB_PERSONAL_ACCESS_TOKEN=TOKEN", "--", ...words];
const hostWords = ({ command, args, passOn = [] }: ServerSettings): string[] => [NODE, "host.mjs", JSON.stringify({ command, args, passOn, env: { GITLAB_API_URL: `https://localhost:${origin.port}/api/v4` } })];
const ANSWER = '{ "count": 0, "items": [] }';

describe.skipIf(!isHere)("a server that an MCP host starts", () => {
  test("has its token where the host is in a run, and its settings name NODE_OPTIONS", { timeout: 60_000 }, async () => {
    const { out, err } = await start(NODE, inRun(...hostWords({ command: NODE, args: [SERVER], passOn: ["GITLAB_PERSONAL_ACCESS_TOKEN", "NODE_OPTIONS"] })));
    compareRow("MCP: a server in Node, `NODE_OPTIONS` in its `env`", formatToolRow("MCP: a server in Node, `NODE_OPTIONS` in its `env`", "a tool's call, the host in a run", out.trim() === ANSWER), out + err);
  });

  test("has none where its settings name the token alone", { timeout: 60_000 }, async () => {
    const { out, err } = await start(NODE, inRun(...hostWords({ command: NODE, args: [SERVER], passOn: ["GITLAB_PERSONAL_ACCESS_TOKEN"] })));
    compareRow("MCP: a server with its token alone in its `env`", formatToolRow("MCP: a server with its token alone in its `env`", "a tool's call, the host in a run", out.trim() === ANSWER), out + err);
  });

  test("has its token where `vault run` is its command, whether or not the host is in a run", { timeout: 90_000 }, async () => {
    const settings = { command: NODE, args: inRun(NODE, SERVER) };
    const [command = "", ...words] = hostWords(settings);
    const outside = await start(command, words);
    const inside = await start(NODE, inRun(...hostWords(settings)));
    const works = [outside, inside].every(({ out }) => out.trim() === ANSWER);
    compareRow("MCP: a server whose command is `vault run`", formatToolRow("MCP: a server whose command is `vault run`", "a tool's call, the host in a run or not", works), JSON.stringify({ outside, inside }));
  });

  test("is told that its run is inside another where the host passes everything on", { timeout: 60_000 }, async () => {
    const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PYTHONPATH"];
    const { out, err } = await start(NODE, inRun(...hostWords({ command: NODE, args: inRun(NODE, SERVER), passOn: names })));
    expect([out.trim(), err.trim().split("\n")]).toEqual([ANSWER, [expect.stringMatching(/^warning: this run is inside another, and stands for itself/), expect.stringContaining("GitLab MCP Server running")]]);
  });
});
