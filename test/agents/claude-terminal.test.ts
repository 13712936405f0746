// Claude in a terminal, as a person uses it. It asks once whether it may use the key that it finds, and remembers the end of what it found: in the next run it has to be the same.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import type { TestTerminal } from "../support/terminal.ts";
import { hasTerminals, openTerminal } from "../support/terminal.ts";
import { AGENTS, isInstalled } from "./agent-programs.ts";
import type { AgentStage } from "./agent-stage.ts";
import { CLOSING, openAgentStage } from "./agent-stage.ts";

const claude = AGENTS.find(({ name }) => name === "claude");
const [UP, ENTER, CONTROL_C] = ["\u001b[A", "\r", "\u0003"];
const KEY_QUESTION = "Do you want to use this API key?";
const PROMPT = "Welcome back!";
/** What it asks before the first prompt, and the keys that say yes. */
const QUESTIONS: readonly (readonly [text: string, ...keys: string[]])[] = [
  ["Choose the text style", ENTER],
  [KEY_QUESTION, UP, ENTER],
  ["Press Enter to continue", ENTER],
  ["Yes, I trust this folder", ENTER],
];

let stage: AgentStage | undefined;
let terminal: TestTerminal | undefined;

afterEach(async () => {
  terminal?.close();
  await stage?.close();
});

/** What a person reads: without escape sequences, and without spaces, since those are often told as movements. */
const legible = (screen: string): string => screen.replace(/\u001b\[[0-9;?<>]*[ -/]*[@-~]|\u001b\][^\u0007]*\u0007|\s/g, "");

test.skipIf(!hasTerminals || claude === undefined || !isInstalled(claude))("claude in a terminal asks once about its key, and not in the next run", { timeout: 240_000 }, async () => {
  if (claude === undefined) throw new Error("claude is no longer among the agents");
  stage = await openAgentStage(claude);
  const { variables, project, rootsFile, home, model, values } = stage;
  const words = Object.entries({ ...variables, TERM: "xterm-256color" }).map(([name, value]) => `${name}=${value}`);
  const asked: string[][] = [];
  for (let run = 0; run < 2; run += 1) {
    const questions: string[] = [];
    const open = openTerminal(["env", "-i", ...words, "sh", "-c", `stty rows 50 cols 120; cd "${project}"; exec "$0" "$@"`, NODE, RUN_JS, "run", "--upstream-ca", rootsFile, "--", variables["AGENT"] ?? "", "--allowedTools", "Bash"]);
    terminal = open;
    let seen = 0;
    const waitFor = async (isThere: (fresh: string) => boolean): Promise<void> => {
      for (const deadlineMs = performance.now() + 60_000; !isThere(legible(open.shown().slice(seen))); ) {
        if (performance.now() > deadlineMs || open.shown().includes("<exited")) throw new Error(`the terminal shows: ${legible(open.shown().slice(-2500)).slice(-900)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const has = (text: string) => (fresh: string): boolean => fresh.includes(legible(text));
    const press = async (...keys: string[]): Promise<void> => {
      // It throws away what is typed while it draws.
      await new Promise((resolve) => setTimeout(resolve, 500));
      seen = open.shown().length;
      for (const key of keys) {
        open.type(key);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    for (;;) {
      // It shows an answered question once more.
      const further = QUESTIONS.filter(([text]) => !questions.includes(text));
      await waitFor((fresh) => has(PROMPT)(fresh) || further.some(([text]) => has(text)(fresh)));
      const question = further.find(([text]) => has(text)(legible(open.shown().slice(seen))));
      if (question === undefined) break;
      const [text, ...keys] = question;
      questions.push(text);
      await press(...keys);
    }
    await press("ask the tool", ENTER);
    await waitFor(has(CLOSING));
    await press(CONTROL_C, CONTROL_C);
    await open.shows("<exited 0>");
    asked.push(questions);
    for (const value of values) expect(open.shown()).not.toContain(value);
  }
  expect(asked[0]).toContain(KEY_QUESTION);
  expect(asked[1]).not.toContain(KEY_QUESTION);
  const { customApiKeyResponses } = JSON.parse(readFileSync(join(home, ".claude.json"), "utf8")) as { customApiKeyResponses: { approved: string[]; rejected: string[] } };
  expect(customApiKeyResponses).toMatchObject({ approved: [expect.any(String)], rejected: [] });
  expect(values.some((value) => value.includes(customApiKeyResponses.approved[0] ?? ""))).toBe(false);
  expect(model.requests().filter((request) => request.includes("api.anthropic.com") && request.endsWith(" 401"))).toEqual([]);
});
