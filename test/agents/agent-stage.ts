// What an agent is tried on: a vault with its key and one for its tool, a home and a project of its own, and stand-ins of every service behind the user's own proxy.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { openUserProxy } from "../support/user-proxy.ts";
import type { Agent } from "./agent-programs.ts";
import { linkProgram, pathOf } from "./agent-programs.ts";
import type { ModelServer } from "./model-server.ts";
import { openModelServer, TOOL_HOST } from "./model-server.ts";

/** What the agent says once its tool has answered. */
export const CLOSING = "I asked the tool, and it answered.";

const TOOL_VALUE = "tool-7Qz0~real-value-of-the-agents-test";
const COMMAND = `curl -sS https://${TOOL_HOST}/ask -H "Authorization: Bearer $TOOL_TOKEN"; printf '%s\\n' "$TOOL_TOKEN"`;
const PROXY_PASSWORD = "proxy-password";
const PROXY_CREDENTIAL = `corp:${PROXY_PASSWORD}`;

export interface Finished {
  readonly status: number | null;
  readonly said: string;
}

export interface AgentStage {
  readonly model: ModelServer;
  /** The environment in which a person would type. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where they would. */
  readonly project: string;
  readonly home: string;
  /** Of the stand-ins. */
  readonly rootsFile: string;
  /** What no program may ever show. */
  readonly values: readonly string[];
  /** `vault ARGS…`, without a terminal. */
  readonly vault: (args: readonly string[], input?: string) => Promise<Finished>;
  close(): Promise<void>;
}

/** @param isWalled the agent's files are put where a program behind the wall sees them, and may not write. */
export async function openAgentStage(agent: Agent, isWalled = false): Promise<AgentStage> {
  const folder = mkdtempSync(join(tmpdir(), "vault-agents-"));
  const [home, project, rootsFile] = [join(folder, "home"), join(folder, "project"), join(folder, "server.pem")];
  for (const path of [home, project]) mkdirSync(path);
  const ca = makeTestCa();
  const model = await openModelServer(ca, [agent.value, TOOL_VALUE], { command: COMMAND, closing: CLOSING });
  // Every name leads to the stand-in, and nothing leaves this machine.
  const proxy = await openUserProxy(PROXY_CREDENTIAL, undefined, model.port);
  const own = `http://${PROXY_CREDENTIAL}@127.0.0.1:${proxy.port}`;
  const variables = { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: folder, LANG: "C.UTF-8", TERM: "dumb", VAULT_DIR: join(folder, "vault"), HTTPS_PROXY: own, HTTP_PROXY: own, NODE, COMMAND, AGENT: isWalled ? linkProgram(agent, join(home, "programs")) : pathOf(agent), ...agent.variables };
  writeFileSync(rootsFile, ca.certificate);
  for (const [name, text] of Object.entries(agent.files ?? {})) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  const vault = (args: readonly string[], input = ""): Promise<Finished> => {
    const child = spawn(NODE, [RUN_JS, ...args], { cwd: project, env: variables });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.end(input);
    return new Promise((resolve) => child.once("close", (status) => { resolve({ status, said }); }));
  };
  expect((await vault(["init", "--provider", "file"])).status).toBe(0);
  expect(await vault(["secrets", "create", agent.key, ...(agent.service === undefined ? [] : ["--service", agent.service])], agent.value)).toMatchObject({ status: 0 });
  expect(await vault(["secrets", "create", "TOOL_TOKEN", "--host", TOOL_HOST], TOOL_VALUE)).toMatchObject({ status: 0 });
  return {
    model, variables, project, home, rootsFile, vault,
    values: [agent.value, TOOL_VALUE, PROXY_PASSWORD],
    async close() {
      await model.close();
      await proxy.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
