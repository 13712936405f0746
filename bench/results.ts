// What a whole run leaves behind.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import type { Section } from "./figures.ts";
import type { HistoryRun } from "./history.ts";
import { compareWithHistory, encodeRun, formatComparison, parseHistory, watchedRatios } from "./history.ts";
import { drawSections } from "./plot.ts";
import { writeReadmeFigures } from "./readme-figures.ts";
import { describeMachine, formatSection } from "./report.ts";

const ABOUT = "Made by `npm run bench`: medians, and in brackets the least and the most of the rounds. Take the ratios, which are medians of each round's own; the absolute figures are this machine's.";
const CLEAN = "In a clean environment: what is measured as a process of its own was started with PATH, HOME, TMPDIR and what its own documents ask for, and with nothing else of the shell's. NODE_EXTRA_CA_CERTS was set for no `vault`, no `node -e 0` and no proxy of this folder's. Where mockttp, sandbox-runtime or varlock is measured, it has it: that is how they are made to trust the server.";

/** Writes RESULTS.md, results.svg and the figures of docs/speed.md, and adds a line to HISTORY.jsonl. @returns what is worse than in the runs before, as Markdown. */
export function leaveResults(sections: readonly Section[]): string {
  const history = new URL("HISTORY.jsonl", import.meta.url);
  const now: HistoryRun = { date: new Date().toISOString().slice(0, 10), commit: nameCommit(), node: process.version, cores: cpus().length, ratios: watchedRatios(sections) };
  const comparison = formatComparison(compareWithHistory(now, parseHistory(existsSync(history) ? readFileSync(history, "utf8") : "")));
  appendFileSync(history, encodeRun(now));
  writeFileSync(new URL("RESULTS.md", import.meta.url), `# Results\n\n${[ABOUT, CLEAN, describeMachine(), "![The main figure of each table, as bars](results.svg)"].join("\n\n")}\n\n${[comparison, ...sections.map(formatSection)].join("\n")}`);
  writeFileSync(new URL("results.svg", import.meta.url), drawSections(sections));
  writeReadmeFigures(new URL("../docs/speed.md", import.meta.url), sections);
  return comparison;
}

/** Short, with `+` where files are changed; "unknown" outside a repository. */
function nameCommit(): string {
  const git = (...args: readonly string[]): string => spawnSync("git", args, { cwd: fileURLToPath(new URL(".", import.meta.url)), encoding: "utf8" }).stdout ?? "";
  const commit = git("rev-parse", "--short", "HEAD").trim();
  return commit === "" ? "unknown" : `${commit}${git("status", "--porcelain", "--untracked-files=no").trim() === "" ? "" : "+"}`;
}
