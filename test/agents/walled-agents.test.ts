// The coding agents behind the wall: each starts, works, and keeps its own login and history for the next run, in which it uses what it has stored.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openLanes } from "../support/lanes.ts";
import { canWall } from "../support/walled-files.ts";
import type { Agent } from "./agent-programs.ts";
import { AGENTS, isInstalled } from "./agent-programs.ts";
import type { AgentStage } from "./agent-stage.ts";
import { CLOSING, openAgentStage } from "./agent-stage.ts";
import { TOOL_HOST } from "./model-server.ts";

/** By name: what it has in the home folder after a run, its history or its state. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  claude: [".claude.json", ".claude/projects"],
  codex: [".codex/sessions"],
  gemini: [".gemini/tmp"],
  opencode: [".local/share/opencode"],
  aider: [".aider"],
  copilot: [".copilot"],
};

/** Presets go by the name of the program. */
function nameProgram({ name, script }: Agent, { project }: AgentStage): string {
  const program = join(project, "bin", name);
  mkdirSync(join(project, "bin"));
  writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return program;
}

async function tryAgent(agent: Agent): Promise<void> {
  const stage = await openAgentStage(agent, true);
  try {
    const { model, values, vault, rootsFile, home } = stage;
    const program = nameProgram(agent, stage);
    for (const name of [".ssh/id_ed25519", ".config/other-agent/login"]) {
      mkdirSync(join(home, name, ".."), { recursive: true });
      writeFileSync(join(home, name), "");
    }
    for (const stored of ["nothing", "its own"]) {
      const { status, said } = await vault(["run", "--sandbox", "--upstream-ca", rootsFile, "--", program]);
      expect(said, `${stored}: ${model.requests().join("\n")}`).toContain(CLOSING);
      expect(status).toBe(0);
      for (const value of values) expect(said).not.toContain(value);
      for (const name of KEPT[agent.name] ?? []) expect(existsSync(join(home, name)), name).toBe(true);
    }
    const { said } = await vault(["run", "--sandbox", "--explain", "--", program]);
    const [, writable = ""] = /^it may write to:\n((?: .*\n)*)/m.exec(said) ?? [];
    const places = writable.split("\n").map((line) => line.trim());
    for (const name of KEPT[agent.name] ?? []) expect(places.some((place) => `${join(home, name)}/`.startsWith(`${place.replace(/\/$/, "")}/`)), `${name}: ${said}`).toBe(true);
    expect(model.requests().filter((request) => request === `GET ${TOOL_HOST}/ask`)).toHaveLength(2);
  } finally {
    await stage.close();
  }
}

const lanes = openLanes();

describe.skipIf(!canWall)("an agent behind the wall", { concurrent: true }, () => {
  for (const agent of AGENTS.filter(({ name }) => KEPT[name] !== undefined)) test.skipIf(!isInstalled(agent))(agent.name, { timeout: 600_000 }, () => lanes(() => tryAgent(agent)));
});
