// Puts the skill that comes with this program where an agent looks for skills. Nothing but that one file is written, and none that somebody has changed is replaced unless asked.
import { lstatSync, mkdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { equalBytes } from "../../bytes.ts";
import { readBounded } from "../../disk/bounded-file.ts";
import { createFile, replaceFile } from "../../disk/durable-file.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";

/** Below the home folder, or below a project: from what each documents, and where it was seen to read. */
const SKILL_FOLDERS = {
  claude: { own: ".claude/skills", project: ".claude/skills" },
  codex: { own: ".agents/skills", project: ".agents/skills" },
  copilot: { own: ".copilot/skills", project: ".github/skills" },
  cursor: { own: ".cursor/skills", project: ".cursor/skills" },
  gemini: { own: ".gemini/skills", project: ".gemini/skills" },
  opencode: { own: ".config/opencode/skills", project: ".opencode/skills" },
  qwen: { own: ".qwen/skills", project: ".qwen/skills" },
} as const;

export type SkilledAgent = keyof typeof SKILL_FOLDERS;
export const SKILLED_AGENTS: string[] = Object.keys(SKILL_FOLDERS);

const NAME = "vault";
const BYTES_MAX = 256 * 1024;

export interface SkillWish {
  readonly agent: SkilledAgent;
  /** The home folder, or a project's. */
  readonly folder: string;
  readonly isProject: boolean;
  readonly replaces: boolean;
}

export interface Installed {
  readonly path: string;
  readonly outcome: "installed" | "replaced" | "unchanged";
}

/** @throws VaultError `usage`. */
export function getSkilledAgent(name: string): SkilledAgent {
  if (isSkilledAgent(name)) return name;
  throw new VaultError("usage", `where "${name}" looks for skills is not known`, `known are ${SKILLED_AGENTS.join(", ")}`);
}

function isSkilledAgent(name: string): name is SkilledAgent {
  return SKILLED_AGENTS.includes(name);
}

/** @throws VaultError `already-exists` for a file that is another; `usage` where a link or something else stands in its place, or, in a project, on the way to it; `io`. */
export function installSkill(text: Uint8Array, { agent, folder, isProject, replaces }: SkillWish): Installed {
  const path = join(folder, SKILL_FOLDERS[agent][isProject ? "project" : "own"], NAME, "SKILL.md");
  // The home folder is its owner's, who may have made links there. A project may be anybody's.
  if (isProject) refuseLinks(folder, dirname(path));
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) {
    makeFolder(dirname(path));
    createFile(path, text);
    return { path, outcome: "installed" };
  }
  const read = there.isFile() ? readBounded(path, BYTES_MAX) : undefined;
  if (read?.kind !== "read") throw new VaultError("usage", `"${path}" is no file of a skill`, "look at what stands there, and remove it");
  if (equalBytes(read.bytes, text)) return { path, outcome: "unchanged" };
  if (!replaces) throw new VaultError("already-exists", `"${path}" is another text than this version's`, "it was left untouched; --replace puts this version's in its place");
  replaceFile(path, text, () => true);
  return { path, outcome: "replaced" };
}

function refuseLinks(from: string, to: string): void {
  const parts = relative(from, to).split(sep);
  for (const [index] of parts.entries()) {
    const path = join(from, ...parts.slice(0, index + 1));
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw new VaultError("usage", `"${path}" is a link, and may lead out of this folder`, "look where it leads; nothing was written");
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new VaultError("io", `cannot make "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
}
