// The presets that come along, and what a preset does to the home folder.
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { listPresets } from "../../../src/wall/presets/bundled.ts";
import { parsePreset } from "../../../src/wall/presets/preset.ts";
import { isValid } from "../../support/json-schema.ts";
import { refusalOf } from "../../support/refusal.ts";
import type { Stage } from "../../support/walled-files.ts";
import { canWall, makeStage, openStage, put, runInside } from "../../support/walled-files.ts";

const FOLDER = fileURLToPath(new URL("../../../src/wall/presets/", import.meta.url));
const schema: unknown = JSON.parse(readFileSync(join(FOLDER, "preset.schema.json"), "utf8"));
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json") && name !== "preset.schema.json");

describe("the presets", () => {
  test.each(files)("%s is as the schema says, and named for what is in it", (name) => {
    const value = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as { readonly id: string };
    expect(isValid(schema, value)).toBe(true);
    expect(`${value.id}.json`).toBe(name);
  });

  test("are all brought along, and each program has one", () => {
    expect(listPresets().map(({ id }) => `${id}.json`)).toEqual(files.sort());
    const programs = listPresets().flatMap((preset) => preset.programs);
    expect(new Set(programs).size).toBe(programs.length);
    expect(listPresets().map(({ id }) => id)).toEqual(["aider", "cargo", "claude", "codex", "copilot", "cursor-agent", "gemini", "go", "goose", "npm", "opencode", "pip", "qwen"]);
  });

  test("lead nowhere but into the home folder", async () => {
    for (const path of ["/etc", "../x", "a/../b", "", ".", "a//b", "~/x", "a b"]) expect(await refusalOf(() => parsePreset({ id: "x", title: "X", programs: ["x"], writable: [path] }))).toBe("bad-schema");
    expect(await refusalOf(() => parsePreset({ id: "x", title: "X", programs: ["x"], replaced: [{ path: "a/b", kept: [] }] }))).toBe("bad-schema");
    expect(await refusalOf(() => parsePreset({ id: "x", title: "X", programs: ["x"], more: [] }))).toBe("bad-schema");
  });
});

/** What a shell that calls itself by the preset's name does. */
function runAs(stage: Stage, command: string, script: string): { readonly output: string; readonly told: readonly string[] } {
  const opened = openStage(stage, { command });
  const { output } = runInside(opened, stage, script);
  return { output, told: opened.close() };
}

describe.skipIf(!canWall)("a program with a preset", () => {
  test("has its own login, writes it and its history, and sees nobody else's", () => {
    const stage = makeStage();
    const { output } = runAs(stage, "/usr/bin/codex", "cat ~/.codex/auth.json; echo; echo new > ~/.codex/auth.json; echo x > ~/.codex/history.jsonl; ls -A ~/.claude ~/.claude.json");
    expect(output).toBe("secret .codex/auth.json\n");
    expect(readFileSync(join(stage.home, ".codex/auth.json"), "utf8")).toBe("new\n");
    expect(existsSync(join(stage.home, ".codex/history.jsonl"))).toBe(true);
  });

  test("cannot change what of it runs later, nor make what was not there, whatever it renames", () => {
    const stage = makeStage();
    put(join(stage.home, ".codex/config.toml"), "notify = []\n");
    const { output } = runAs(stage, "codex", `for f in config.toml hooks.json AGENTS.md prompts/x rules/x .env; do echo x > ~/.codex/$f && echo $f; done; mv ~/.codex ~/.gone && echo moved; mv ~/.codex/config.toml ~/.codex/x && echo moved; rm -r ~/.codex/rules && echo removed; ln -sf /x ~/.codex/hooks.json && echo linked`);
    expect(output).toBe("");
    expect(readFileSync(join(stage.home, ".codex/config.toml"), "utf8")).toBe("notify = []\n");
    expect(readFileSync(join(stage.home, ".codex/hooks.json"), "utf8")).toBe("{}\n");
  });

  test("leaves no scripts that another one would run", () => {
    const stage = makeStage();
    runAs(stage, "claude", "echo x > ~/.claude/shell-snapshots/snapshot.sh; echo kept > ~/.claude/history.jsonl");
    expect(readdirSync(join(stage.home, ".claude/shell-snapshots"))).toEqual([]);
    expect(readFileSync(join(stage.home, ".claude/history.jsonl"), "utf8")).toBe("kept\n");
  });

  test("makes a script that its settings name and that is missing, or a repository in its folder, and that is told", () => {
    const stage = makeStage();
    put(join(stage.home, ".codex/config.toml"), 'notify = ["sh", "~/.codex/notify.sh"]\n');
    const { told } = runAs(stage, "codex", "echo x > ~/.codex/notify.sh; mkdir -p ~/.codex/a/objects ~/.codex/a/refs; echo x > ~/.codex/a/HEAD; echo x > ~/.codex/a/config; echo x > ~/.codex/other.sh");
    expect(told.map((line) => /"([^"]*)"/.exec(line)?.[1])).toEqual([join(stage.home, ".codex/notify.sh"), join(stage.home, ".codex/a")]);
  });

  test("replaces a file of the home folder by another, which is kept but for what starts programs", () => {
    const stage = makeStage();
    const text = JSON.stringify({ account: "you", mcpServers: { evil: { command: "sh" } }, projects: { "/p": { lastCost: 1, mcpServers: { evil: {} }, hasTrustDialogAccepted: true }, "/new": { mcpServers: { evil: {} } } } });
    const { output, told } = runAs(stage, "claude", `cat ~/.claude.json; echo '${text}' > ~/.claude.json.tmp && mv ~/.claude.json.tmp ~/.claude.json`);
    expect(output).toContain('"account":"me"');
    expect(told.join()).toBe("");
    expect(JSON.parse(readFileSync(join(stage.home, ".claude.json"), "utf8"))).toEqual({ account: "you", mcpServers: { good: {} }, projects: { "/p": { lastCost: 1, mcpServers: {} }, "/new": {} } });
  });

  test.each([
    ["a link", "ln -sf ~/.bashrc ~/.claude.json"],
    ["a second name", "echo '{}' > ~/x; rm ~/.claude.json; ln ~/x ~/.claude.json"],
    ["a FIFO", "rm ~/.claude.json; mkfifo ~/.claude.json"],
    ["a folder", "rm ~/.claude.json; mkdir ~/.claude.json"],
    ["no JSON", "echo x > ~/.claude.json"],
    ["no object", "echo [] > ~/.claude.json"],
    ["nothing", "rm ~/.claude.json"],
  ])("that leaves %s in its place changes nothing", (_, script) => {
    const stage = makeStage();
    const before = readFileSync(join(stage.home, ".claude.json"), "utf8");
    runAs(stage, "claude", script);
    expect(readFileSync(join(stage.home, ".claude.json"), "utf8")).toBe(before);
  });

  test("does not take back what was changed outside in the meantime", () => {
    const stage = makeStage();
    const opened = openStage(stage, { command: "claude" });
    runInside(opened, stage, `echo '{"account":"inside"}' > ~/.claude.json`);
    writeFileSync(join(stage.home, ".claude.json"), '{"account":"outside"}');
    expect(opened.close().join()).toContain("was changed outside");
    expect(readFileSync(join(stage.home, ".claude.json"), "utf8")).toBe('{"account":"outside"}');
  });

  test("gets nothing by a link that it has left in place of a folder of its own", () => {
    const stage = makeStage();
    mkdirSync(join(stage.home, ".codex/x"));
    for (const name of ["prompts", "rules", "shell_snapshots"]) symlinkSync(join(stage.home, ".ssh"), join(stage.home, ".codex", name));
    expect(runAs(stage, "codex", "cat ~/.codex/*/id_ed25519 ~/.ssh/*; ls ~/.ssh").output).toBe("");
  });
});
