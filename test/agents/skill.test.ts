// The skill, as the agents list it that `.ci/agents` installs: each looks where `vault skill install` has put it. No model is asked.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../node_modules/.cache/agents/node_modules/${path}`, import.meta.url));
const AGENTS = at(".bin/");
const CLAUDE = at("@anthropic-ai/claude-code-linux-x64/claude");

let home: string;
let env: Record<string, string>;
const install = (agent: string): number | null => spawnSync(NODE, [RUN_JS, "skill", "install", agent], { env, cwd: home }).status;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "vault-skill-"));
  mkdirSync(join(home, "bin"));
  symlinkSync(NODE, join(home, "bin/node"));
  env = { PATH: `${join(home, "bin")}:${process.env["PATH"] ?? ""}`, HOME: home, TMPDIR: home, NO_COLOR: "1", TERM: "dumb" };
});
afterAll(() => { rmSync(home, { recursive: true, force: true }); });

describe("the skill is listed", () => {
  it.skipIf(!existsSync(CLAUDE))("by Claude Code (needs .ci/agents), which tells what it has before it asks its model", () => {
    expect(install("claude")).toBe(0);
    const { stdout } = spawnSync("timeout", ["60", CLAUDE, "-p", "hi", "--output-format", "stream-json", "--verbose", "--max-turns", "1"], { env: { ...env, ANTHROPIC_API_KEY: "none", ANTHROPIC_BASE_URL: "http://127.0.0.1:9", CLAUDE_CODE_MAX_RETRIES: "0", DISABLE_TELEMETRY: "1", DISABLE_AUTOUPDATER: "1" }, cwd: home, encoding: "utf8" });
    const { skills } = JSON.parse(stdout.split("\n").find((line) => line.includes('"init"')) ?? "{}") as { readonly skills?: readonly string[] };
    expect(skills).toContain("vault");
  });

  it.skipIf(!existsSync(`${AGENTS}codex`))("by Codex (needs .ci/agents)", async () => {
    expect(install("codex")).toBe(0);
    const codex = spawn(`${AGENTS}codex`, ["app-server"], { env, cwd: home, stdio: ["pipe", "pipe", "ignore"] });
    for (const message of [{ id: 1, method: "initialize", params: { clientInfo: { name: "test", version: "1" } } }, { method: "initialized" }, { id: 2, method: "skills/list", params: { cwds: [home] } }]) codex.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    let said = "";
    codex.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said, { timeout: 30_000 }).toContain(`${home}/.agents/skills/vault/SKILL.md`);
    codex.kill();
  });

  it.skipIf(!existsSync(`${AGENTS}gemini`))("by Gemini CLI (needs .ci/agents)", () => {
    expect(install("gemini")).toBe(0);
    const { stdout, stderr } = spawnSync(`${AGENTS}gemini`, ["skills", "list"], { env, cwd: home, encoding: "utf8" });
    expect(`${stdout}${stderr}`).toMatch(/^vault \[Enabled\]/m);
  });

  it.skipIf(!existsSync(`${AGENTS}copilot`))("by Copilot CLI (needs .ci/agents)", () => {
    expect(install("copilot")).toBe(0);
    const { stdout, stderr } = spawnSync(`${AGENTS}copilot`, ["skill", "list"], { env, cwd: home, encoding: "utf8" });
    expect(`${stdout}${stderr}`).toMatch(/^ +vault - Use when/m);
  });
});
