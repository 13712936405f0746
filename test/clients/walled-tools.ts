// Further rows of the table of walled clients: tools that are told nothing of a proxy, by a variable or otherwise, and what hosts of MCP servers start with an environment of their own.
import { existsSync } from "node:fs";
import { MORE_TOOLS } from "./more-programs.ts";
import type { Tool } from "./programs.ts";
import { nodeProgram, succeeds, TOOLS } from "./programs.ts";
import { byNode, CHROMIUM, CLIENT_MODULES, SCRIPT_TOOLS } from "./script-programs.ts";

const PUPPETEER = `
const puppeteer = require("puppeteer-core");
(async () => {
  const browser = await puppeteer.launch({ executablePath: process.argv[2], args: ["--no-sandbox"] });
  const page = await browser.newPage();
  await page.setExtraHTTPHeaders({ authorization: "Bearer " + process.env.TOKEN });
  const answer = await page.goto(process.env.URL + "/api");
  console.log((await answer.text()).trim() === "GET /api 0" ? "done" : "other");
  await browser.close();
})();`;

/** A host as the SDK has it, which passes HOME, PATH and their like on to its servers, and what their settings name. */
const mcpHost = (settings: string, tool: string, expected: string): string => `
const { Client } = require("@modelcontextprotocol/sdk/client/index.js"), { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
const { TOKEN, URL: base, NODE_EXTRA_CA_CERTS } = process.env, { dirname, join } = require("node:path");
(async () => {
  const client = new Client({ name: "host", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ stderr: "inherit", ${settings} }));
  const answer = await client.callTool(${tool}).catch((error) => ({ content: [{ text: error.message }] }));
  const text = answer.content.map(({ text }) => text).join(" ");
  console.log(text.includes(${expected}) ? "done" : text);
  await client.close();
})();`;

const GITLAB = "@modelcontextprotocol/server-gitlab";
const gitlab = (name: string, node: string, flags: string, env: string): Tool => ({
  name: `MCP: ${name}`,
  work: "a tool's call",
  isHere: () => existsSync(`${CLIENT_MODULES}/${GITLAB}`) && existsSync(node),
  script: byNode(mcpHost(`command: "${node}", args: [${flags}"${CLIENT_MODULES}/${GITLAB}/dist/index.js"], env: { GITLAB_API_URL: base + "/api/v4", GITLAB_PERSONAL_ACCESS_TOKEN: TOKEN${env} }`, '{ name: "search_repositories", arguments: { search: "any" } }', '\'"items": []\'')),
});

/** As much of the protocol as one tool needs. */
const MCP_IN_PYTHON = `import json, os, sys, urllib.request
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") == "initialize":
        result = {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "caller", "version": "1.0.0"}}
    elif asked.get("method") == "tools/call":
        request = urllib.request.Request(os.environ["API"] + "/api", headers={"authorization": "Bearer " + os.environ["TOKEN"]})
        result = {"content": [{"type": "text", "text": urllib.request.urlopen(request).read().decode()}]}
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
`;

const PYTEST = `import os, urllib.request

def test_call():
    request = urllib.request.Request(os.environ["URL"] + "/api", headers={"authorization": "Bearer " + os.environ["TOKEN"]})
    assert urllib.request.urlopen(request).read() == b"GET /api 0\\n"
`;

const OF_OTHER_TABLE = ["kubectl"];

export const WALLED_TOOLS: readonly Tool[] = [
  ...TOOLS,
  ...MORE_TOOLS,
  ...SCRIPT_TOOLS.filter(({ name }) => OF_OTHER_TABLE.includes(name)),
  {
    name: "pytest",
    work: "a test that calls an API",
    isHere: () => succeeds("python3", "-m", "pytest", "--version"),
    script: `cat > test_call.py <<'END'\n${PYTEST}END\npython3 -m pytest -q test_call.py && echo done`,
  },
  {
    name: "Chromium by Puppeteer",
    work: "a page of a bound host, the token in a header",
    isHere: () => CHROMIUM !== undefined && existsSync(`${CLIENT_MODULES}/puppeteer-core`),
    script: byNode(PUPPETEER),
  },
  {
    name: "@playwright/mcp",
    work: "a page of a bound host, the token in a header that its settings name",
    isHere: () => CHROMIUM !== undefined && existsSync(`${CLIENT_MODULES}/@playwright/mcp`),
    script: `printf '{"browser":{"contextOptions":{"extraHTTPHeaders":{"authorization":"Bearer %s"}}}}' "$TOKEN" > playwright.json
${byNode(mcpHost('command: process.execPath, args: [join(dirname(require.resolve("@playwright/mcp/package.json")), "cli.js"), "--headless", "--no-sandbox", "--isolated", "--config", "playwright.json", "--executable-path", process.argv[2]]', '{ name: "browser_navigate", arguments: { url: base + "/api" } }', '"/api"').replace("const text =", 'const shown = await client.callTool({ name: "browser_snapshot", arguments: {} }); answer.content = shown.content; const text =').replace('includes("/api")', 'includes("GET /api 0")'))}`,
  },
  {
    name: "MCP: a server in Python, its token alone in its `env`",
    work: "a tool's call",
    isHere: () => existsSync(`${CLIENT_MODULES}/@modelcontextprotocol/sdk`),
    script: `cat > server.py <<'END'\n${MCP_IN_PYTHON}END\n${byNode(mcpHost('command: "python3", args: ["server.py"], env: { API: base, TOKEN }', '{ name: "call", arguments: {} }', '"GET /api 0"'))}`,
  },
  gitlab("a server in Node, its token alone in its `env`", process.execPath, "", ""),
  gitlab("a server in Node, `NODE_EXTRA_CA_CERTS` in its `env`", process.execPath, "", ", NODE_EXTRA_CA_CERTS"),
  gitlab("a server in Node 24, started with `--use-system-ca`", nodeProgram("24"), '"--use-system-ca", ', ""),
];
