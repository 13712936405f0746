// Coding agents as they come from their registries, each in a run with a key that it never has: it answers a prompt, its shell tool reaches a bound host, and what it stored serves it in the next run.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeTestCa } from "../support/test-ca.ts";
import type { UserProxy } from "../support/user-proxy.ts";
import { openUserProxy } from "../support/user-proxy.ts";
import type { Agent } from "./agent-programs.ts";
import { AGENTS, isInstalled, pathOf, versionOf } from "./agent-programs.ts";
import { findSection, formatSection, putSection } from "./agents-page.ts";
import type { ModelServer } from "./model-server.ts";
import { openModelServer, TOOL_HOST } from "./model-server.ts";

const TOOL_VALUE = "tool-7Qz0~real-value-of-the-agents-test";
const CLOSING = "I asked the tool, and it answered.";
const COMMAND = `curl -sS https://${TOOL_HOST}/ask -H "Authorization: Bearer $TOOL_TOKEN"; printf '%s\\n' "$TOOL_TOKEN"`;
const PROXY_CREDENTIAL = "corp:proxy-password";

const PAGE = fileURLToPath(new URL("../../docs/agents.md", import.meta.url));
/** `VAULT_WRITE_AGENTS=1` writes docs/agents.md instead of checking it. */
const isWriting = process.env["VAULT_WRITE_AGENTS"] === "1";

let folder: string;
let proxy: UserProxy;
let model: ModelServer;
let variables: Record<string, string>;

interface Finished {
  readonly status: number | null;
  readonly said: string;
}

function start(program: string, args: readonly string[], input = ""): Promise<Finished> {
  const child = spawn(program, args, { cwd: join(folder, "project"), env: variables });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", (status) => { resolve({ status, said }); }));
}

const vault = (args: readonly string[], input?: string): Promise<Finished> => start(NODE, [RUN_JS, ...args], input);

async function open(agent: Agent): Promise<void> {
  const ca = makeTestCa();
  model = await openModelServer(ca, [agent.value, TOOL_VALUE], { command: COMMAND, closing: CLOSING });
  // Every name leads to the stand-in, and nothing leaves this machine.
  proxy = await openUserProxy(PROXY_CREDENTIAL, undefined, model.port);
  const own = `http://${PROXY_CREDENTIAL}@127.0.0.1:${proxy.port}`;
  variables = { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home"), TMPDIR: folder, LANG: "C.UTF-8", TERM: "dumb", VAULT_DIR: join(folder, "vault"), HTTPS_PROXY: own, HTTP_PROXY: own, NODE, COMMAND, AGENT: pathOf(agent), ...agent.variables };
  writeFileSync(join(folder, "server.pem"), ca.certificate);
  for (const [name, text] of Object.entries(agent.files ?? {})) {
    mkdirSync(dirname(join(folder, "home", name)), { recursive: true });
    writeFileSync(join(folder, "home", name), text);
  }
  expect((await vault(["init", "--provider", "file"])).status).toBe(0);
  expect(await vault(["secrets", "create", agent.key, ...(agent.service === undefined ? [] : ["--service", agent.service])], agent.value)).toMatchObject({ status: 0 });
  expect(await vault(["secrets", "create", "TOOL_TOKEN", "--host", TOOL_HOST], TOOL_VALUE)).toMatchObject({ status: 0 });
}

/** The page must tell of what was run; the day of the measurement is its own. */
function comparePage(agent: Agent): void {
  const page = readFileSync(PAGE, "utf8");
  const section = (date: string): string => formatSection(agent, versionOf(agent), date);
  if (isWriting) writeFileSync(PAGE, putSection(page, agent.name, section(new Date().toISOString().slice(0, 10))));
  else expect(findSection(page, agent.name)?.replace(/Measured on \d{4}-\d{2}-\d{2}/, "Measured on 0000-00-00")).toBe(section("0000-00-00"));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vault-agents-"));
  for (const name of ["home", "project"]) mkdirSync(join(folder, name));
});

afterEach(async () => {
  await model.close();
  await proxy.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("an agent from its registry", () => {
  for (const agent of AGENTS) {
    test.skipIf(!isInstalled(agent))(agent.name, { timeout: 240_000 }, async () => {
      await open(agent);
      // What it stored in the first run has to serve it in the second.
      for (const stored of ["nothing", "its own"]) {
        const { status, said } = await vault(["run", "--upstream-ca", join(folder, "server.pem"), "--", "sh", "-c", agent.script]);
        expect(said, `${stored}: ${model.requests().join("\n")}`).toContain(CLOSING);
        expect(status).toBe(0);
        for (const value of [agent.value, TOOL_VALUE, "proxy-password"]) expect(said).not.toContain(value);
      }
      expect(model.requests().filter((request) => request === `GET ${TOOL_HOST}/ask`)).toHaveLength(2);
      comparePage(agent);
    });
  }
});
