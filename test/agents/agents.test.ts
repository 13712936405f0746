// Coding agents as they come from their registries, each in a run with a key that it never has: it answers a prompt, its shell tool reaches a bound host, and what it stored serves it in the next run.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { Agent } from "./agent-programs.ts";
import { AGENTS, isInstalled, versionOf } from "./agent-programs.ts";
import type { AgentStage } from "./agent-stage.ts";
import { CLOSING, openAgentStage } from "./agent-stage.ts";
import { findSection, formatSection, putSection } from "./agents-page.ts";
import { TOOL_HOST } from "./model-server.ts";

const PAGE = fileURLToPath(new URL("../../docs/agents.md", import.meta.url));
/** `VAULT_WRITE_AGENTS=1` writes docs/agents.md instead of checking it. */
const isWriting = process.env["VAULT_WRITE_AGENTS"] === "1";

let stage: AgentStage | undefined;

/** The page must tell of what was run; the day of the measurement is its own. */
function comparePage(agent: Agent): void {
  const page = readFileSync(PAGE, "utf8");
  const section = (date: string): string => formatSection(agent, versionOf(agent), date);
  if (isWriting) writeFileSync(PAGE, putSection(page, agent.name, section(new Date().toISOString().slice(0, 10))));
  else expect(findSection(page, agent.name)?.replace(/Measured on \d{4}-\d{2}-\d{2}/, "Measured on 0000-00-00")).toBe(section("0000-00-00"));
}

afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

describe("an agent from its registry", () => {
  for (const agent of AGENTS) {
    test.skipIf(!isInstalled(agent))(agent.name, { timeout: 240_000 }, async () => {
      stage = await openAgentStage(agent);
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
    });
  }
});
