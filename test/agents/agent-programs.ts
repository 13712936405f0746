// The coding agents that are tried: how each is started without a person, and which key it reads.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Agent {
  /** As it is started. */
  readonly name: string;
  readonly packageName: string;
  /** A secret's name: the variable that the agent reads. */
  readonly key: string;
  /** The service whose key it is, where the name does not tell. */
  readonly service?: string;
  /** A value of the form that the service's keys have. */
  readonly value: string;
  /** Shell: a prompt, answered without a person; `$AGENT` is the program. */
  readonly script: string;
  /** Files in the home folder that it wants before its first start. */
  readonly files?: Readonly<Record<string, string>>;
  /** Set for the run. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Below node_modules/.cache/agents. */
  readonly program: string;
  /** For docs/agents.md: what a person types, and what they should know. */
  readonly typed: string;
  readonly notes: string;
}

/** Where `.ci/agents` puts them, or another folder that a link there leads to. */
const PLACE = fileURLToPath(new URL("../../node_modules/.cache/agents", import.meta.url));
const ROOT = `${existsSync(PLACE) ? realpathSync(PLACE) : PLACE}/`;

export const pathOf = ({ program }: Agent): string => ROOT + program;
export const isInstalled = (agent: Agent): boolean => existsSync(pathOf(agent));

/**
 * Links to an agent's files in another folder of the same disk, for where the place itself is not seen: in a temporary folder, say.
 *
 * @returns the program's path there.
 */
export function linkProgram({ program }: Agent, folder: string): string {
  const part = /^(?:node_modules\/(?:@[^/]+\/)?)?[^/]+/.exec(program)?.[0] ?? program;
  const path = join(folder, program);
  mkdirSync(dirname(join(folder, part)), { recursive: true });
  if (spawnSync("cp", ["-al", ROOT + part, join(folder, part)]).status !== 0) spawnSync("cp", ["-a", ROOT + part, join(folder, part)]);
  // What Python's tools install names its Python by its whole path.
  const start = `#!${ROOT}`;
  if (readFileSync(path).subarray(0, start.length).toString() === start) {
    const text = readFileSync(path, "utf8").replace(start, () => `#!${folder}/`);
    rmSync(path);
    writeFileSync(path, text, { mode: 0o755 });
  }
  return path;
}

/** As its package says. */
export function versionOf({ packageName }: Agent): string {
  if (packageName === "aider-chat") return spawnSync(`${ROOT}aider/bin/python`, ["-c", "import importlib.metadata as m; print(m.version('aider-chat'))"], { encoding: "utf8" }).stdout.trim();
  return (JSON.parse(readFileSync(`${ROOT}node_modules/${packageName}/package.json`, "utf8")) as { version: string }).version;
}

const letters = (length: number): string => "Zq7".repeat(length).slice(0, length);

export const AGENTS: readonly Agent[] = [
  {
    name: "claude",
    typed: "vault run -- claude",
    notes: "It asks once whether it may use the key that it finds, and remembers the last characters of the placeholder. Those are the same in every run, so it does not ask again.",
    packageName: "@anthropic-ai/claude-code",
    program: "node_modules/@anthropic-ai/claude-code-linux-x64/claude",
    key: "ANTHROPIC_API_KEY",
    value: `sk-ant-api03-${letters(86)}-${letters(6)}AA`,
    script: '"$AGENT" -p "ask the tool" --allowedTools Bash',
    variables: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1" },
  },
  {
    name: "claude, with a token of a subscription",
    typed: "vault run -s CLAUDE_CODE_OAUTH_TOKEN -- claude",
    notes: "`claude setup-token` prints the token; give it to `vault secrets create CLAUDE_CODE_OAUTH_TOKEN`.",
    packageName: "@anthropic-ai/claude-code",
    program: "node_modules/@anthropic-ai/claude-code-linux-x64/claude",
    key: "CLAUDE_CODE_OAUTH_TOKEN",
    value: `sk-ant-oat01-${letters(86)}-${letters(6)}AA`,
    script: '"$AGENT" -p "ask the tool" --allowedTools Bash',
    variables: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1" },
  },
  {
    name: "claude, with an apiKeyHelper",
    typed: "vault run -s TEAM_KEY -- claude",
    notes: "With `\"apiKeyHelper\": \"printenv TEAM_KEY\"` in its settings it sends the same key in two headers, which is served.",
    packageName: "@anthropic-ai/claude-code",
    program: "node_modules/@anthropic-ai/claude-code-linux-x64/claude",
    key: "TEAM_KEY",
    service: "anthropic",
    value: `sk-ant-api03-${letters(86)}-${letters(6)}AA`,
    script: '"$AGENT" -p "ask the tool" --allowedTools Bash',
    files: { ".claude/settings.json": JSON.stringify({ apiKeyHelper: "printenv TEAM_KEY" }) },
    variables: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1" },
  },
  {
    name: "codex",
    typed: "vault run -s CODEX_API_KEY -- codex exec 'fix the test'",
    notes: "`codex exec` reads CODEX_API_KEY. What `codex login --with-api-key` stores in a run is the placeholder, which works in the next run as well. Its own sandbox has no network unless you allow it, and then its tools reach no host at all.",
    packageName: "@openai/codex",
    program: "node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex",
    key: "CODEX_API_KEY",
    value: `sk-proj-${letters(148)}`,
    script: '"$AGENT" exec -m gpt-5 --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox "ask the tool"',
  },
  {
    name: "gemini",
    typed: "vault run -s GEMINI_API_KEY -- gemini",
    notes: "Choose \"Use Gemini API Key\" when it asks how to log in.",
    packageName: "@google/gemini-cli",
    program: "node_modules/@google/gemini-cli/bundle/gemini.js",
    key: "GEMINI_API_KEY",
    value: `AIza${letters(35)}`,
    script: '"$NODE" "$AGENT" --yolo -p "ask the tool"',
    files: { ".gemini/settings.json": JSON.stringify({ security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } }, privacy: { usageStatisticsEnabled: false }, general: { disableAutoUpdate: true } }) },
  },
  {
    name: "opencode",
    typed: "vault run -s ANTHROPIC_API_KEY -- opencode",
    notes: "It takes the key of each provider from that provider's variable.",
    packageName: "opencode-ai",
    program: "node_modules/opencode-linux-x64/bin/opencode",
    key: "ANTHROPIC_API_KEY",
    value: `sk-ant-api03-${letters(86)}-${letters(6)}AA`,
    script: '"$AGENT" run -m anthropic/claude-sonnet-4-5 "ask the tool"',
    variables: { OPENCODE_DISABLE_AUTOUPDATE: "1" },
  },
  {
    name: "qwen-code",
    typed: "vault run -s OPENAI_API_KEY -- qwen --auth-type openai",
    notes: "Any service with an interface like OpenAI's will do: set OPENAI_BASE_URL and OPENAI_MODEL, and bind the key to that host.",
    packageName: "@qwen-code/qwen-code",
    program: "node_modules/@qwen-code/qwen-code/cli.js",
    key: "OPENAI_API_KEY",
    value: `sk-proj-${letters(148)}`,
    script: '"$NODE" "$AGENT" --yolo --auth-type openai -p "ask the tool"',
    variables: { OPENAI_MODEL: "gpt-5", OPENAI_BASE_URL: "https://api.openai.com/v1" },
  },
  {
    name: "aider",
    typed: "vault run -s OPENAI_API_KEY -- aider --model openai/gpt-5",
    notes: "What you start with `/run` has the placeholders too.",
    packageName: "aider-chat",
    program: "aider/bin/aider",
    key: "OPENAI_API_KEY",
    value: `sk-proj-${letters(148)}`,
    // It has no tool that a model calls: its own /run is one that a person calls.
    script: 'printf "/run %s\\n" "$COMMAND" > commands && "$AGENT" --model openai/gpt-5 --yes-always --no-git --no-check-update --no-show-model-warnings --analytics-disable --no-pretty --no-stream --load commands --message "say it"',
  },
  {
    name: "copilot",
    typed: "vault run -s COPILOT_GITHUB_TOKEN -- copilot",
    notes: "It takes a fine-grained token (`github_pat_…`) with the permission \"Copilot Requests\", and refuses one that begins otherwise; the placeholder begins as the token does.",
    packageName: "@github/copilot",
    program: "node_modules/@github/copilot-linux-x64/copilot",
    key: "COPILOT_GITHUB_TOKEN",
    value: `github_pat_11ABCDEFG0${letters(12)}_${letters(59)}`,
    script: '"$AGENT" --model gpt-5 -p "ask the tool" --allow-all-tools --no-auto-update',
  },
];
