// Every preset that this program brings along: one JSON file each, and no other list of them.
import type { Preset } from "./preset.ts";
import { parsePreset } from "./preset.ts";
import aider from "./aider.json" with { type: "json" };
import claude from "./claude.json" with { type: "json" };
import codex from "./codex.json" with { type: "json" };
import copilot from "./copilot.json" with { type: "json" };
import cargo from "./cargo.json" with { type: "json" };
import cursorAgent from "./cursor-agent.json" with { type: "json" };
import gemini from "./gemini.json" with { type: "json" };
import go from "./go.json" with { type: "json" };
import goose from "./goose.json" with { type: "json" };
import npm from "./npm.json" with { type: "json" };
import opencode from "./opencode.json" with { type: "json" };
import pip from "./pip.json" with { type: "json" };
import qwen from "./qwen.json" with { type: "json" };

const files: readonly unknown[] = [aider, cargo, claude, codex, copilot, cursorAgent, gemini, go, goose, npm, opencode, pip, qwen];

/** Sorted by their ids. */
export function listPresets(): Preset[] {
  return files.map(parsePreset);
}
