// Coding agents as they come from their registries, each in a run with a key that it never has: it answers a prompt, its shell tool reaches a bound host, and what it stored serves it in the next run.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openLanes } from "../support/lanes.ts";
import type { Agent } from "./agent-programs.ts";
import { AGENTS, isInstalled, versionOf } from "./agent-programs.ts";
import { CLOSING, openAgentStage } from "./agent-stage.ts";
import { findSection, formatSection, putSection } from "./agents-page.ts";
import { TOOL_HOST } from "./model-server.ts";

const PAGE = fileURLToPath(new URL("../../docs/agents.md", import.meta.url));
/** `VAULT_WRITE_AGENTS=1` writes docs/agents.md instead of checking it. */
const isWriting = process.env["VAULT_WRITE_AGENTS"] === "1";

/** The page must tell of what was run; the day of the measurement is its own. */
function comparePage(agent: Agent): void {
  const page = readFileSync(PAGE, "utf8");
  const section = (date: string): string => formatSection(agent, versionOf(agent), date);
  if (isWriting) writeFileSync(PAGE, putSection(page, agent.name, section(new Date().toISOString().slice(0, 10))));
  else expect(findSection(page, agent.name)?.replace(/Measured on \d{4}-\d{2}-\d{2}/, "Measured on 0000-00-00")).toBe(section("0000-00-00"));
}

async function tryAgent(agent: Agent): Promise<void> {
  const stage = await openAgentStage(agent);
  try {
    const { model, values, vault, rootsFile } = stage;
    // What it stored in the first run has to serve it in the second.
    for (const stored of ["nothing", "its own"]) {
      const { status, said } = await vault(["run", "--upstream-ca", rootsFile, "--", "sh", "-c", agent.script]);
      expect(said, `${stored}: ${model.requests().join("\n")}`).toContain(CLOSING);
      expect(status).toBe(0);
      for (const value of values) expect(said).not.toContain(value);
    }
    expect(model.requests().filter((request) => request === `GET ${TOOL_HOST}/ask`)).toHaveLength(2);
    comparePage(agent);
  } finally {
    await stage.close();
  }
}

const lanes = openLanes();

describe("an agent from its registry", { concurrent: true }, () => {
  for (const agent of AGENTS) test.skipIf(!isInstalled(agent))(agent.name, { timeout: 600_000 }, () => lanes(() => tryAgent(agent)));
});
