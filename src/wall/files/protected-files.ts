// What lies in a writable folder and runs later, outside the wall, without anybody asking for it. It is read-only inside.
import { dirname, resolve } from "node:path";
import type { DiskView } from "./disk-view.ts";
import { findGitFolder } from "./git-folder.ts";
import type { GitPaths } from "./git-settings.ts";
import { parseGitPaths } from "./git-settings.ts";
import { isBelow } from "./path-order.ts";

/** At a project's root. Editors, shells and agents that are opened in the folder obey these. */
const OBEYED = [
  "vault.run.json",
  // Editors.
  ".vscode", ".idea", ".zed", ".fleet", ".nova", ".theia", ".devcontainer", ".devcontainer.json", ".exrc", ".nvimrc", ".nvim.lua", ".lvimrc", ".dir-locals.el", ".dir-locals-2.el", ".gdbinit", ".lldbinit",
  // Shells, where a folder is entered.
  ".envrc", ".autoenv", ".autoenv.zsh", "mise.toml", "mise.local.toml", ".mise.toml", ".mise.local.toml", "mise/config.toml", ".mise", ".config/mise.toml", ".config/mise", ".miserc.toml",
  // What Git's hooks start.
  ".husky", ".githooks", ".git-hooks", ".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml", "lefthook.yml", "lefthook.yaml", "lefthook.toml", "lefthook.json", ".lefthook.yml", ".lefthook.yaml", ".lefthook.toml", ".lefthook.json",
  "lefthook-local.yml", "lefthook-local.yaml", ".lefthook-local.yml", ".lefthook-local.yaml", ".config/lefthook.yml", ".config/lefthook.yaml", ".lefthook", ".lefthook-local", ".overcommit.yml", ".simple-git-hooks.json", "simple-git-hooks.json", ".lintstagedrc", ".lintstagedrc.json", ".lintstagedrc.yaml", "captainhook.json", "grumphp.yml", "hk.pkl",
  // Agents: hooks, plugins, servers to start, and what they may do unasked.
  ".mcp.json", ".claude/settings.json", ".claude/settings.local.json", ".claude/hooks", ".claude/plugins", ".claude/agents", ".claude/commands", ".claude/skills",
  ".codex/config.toml", ".codex/hooks.json", ".codex/hooks", ".codex/rules", ".cursor/mcp.json", ".cursor/hooks.json", ".cursor/hooks", ".cursor/cli.json", ".cursor/environment.json", ".cursor/permissions.json", ".cursor/sandbox.json",
  ".gemini/settings.json", ".gemini/.env", ".gemini/extensions", ".gemini/hooks", ".gemini/sandbox.Dockerfile", ".gemini/sandbox.bashrc", ".qwen/settings.json", ".qwen/.env", ".qwen/extensions", ".qwen/hooks",
  "opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc", ".opencode/plugin", ".opencode/plugins", ".opencode/tool", ".opencode/tools", ".opencode/package.json",
  ".aider.conf.yml", ".github/hooks", ".github/copilot", ".crush.json", "crush.json", ".amp/settings.json", ".kiro/hooks", ".kiro/settings", ".windsurf/hooks.json", ".roo/mcp.json", ".kilocode/mcp.json", ".amazonq/mcp.json", ".amazonq/cli-agents", ".factory/settings.json", ".factory/hooks", ".factory/mcp.json", ".continue",
];
const PARTS_MAX = 64;

export interface Protection {
  /** Files and folders that are there and must stay as they are. No links. */
  readonly readOnly: readonly string[];
  /** Made before the start, and read-only then: what a program could make in their place would run later. */
  readonly made: readonly Made[];
  /** Folders outside the project that Git writes to when it works in it. */
  readonly gitFolders: readonly string[];
  /** Looked at before and after: what has changed is told. */
  readonly watched: readonly string[];
  readonly warnings: readonly string[];
}

export interface Made {
  readonly path: string;
  readonly content: "folder" | { readonly text: string };
}

/** @param settings texts of the user's own Git configuration. */
export function protectProject(view: DiskView, root: string, settings: readonly string[], home: string): Protection {
  const git = findGitFolder(view, root);
  const own = OBEYED.map((name) => `${root}/${name}`);
  const { readOnly, made } = git.kind === "none" ? { readOnly: [], made: [] } : protectGit(view, git.folder, root, home, settings);
  const submodules = listSubmodules(view, root).map((path) => `${root}/${path}/.git`).filter((path) => view.kindOf(path) === "file");
  const all = [...own, ...(git.kind === "linked" ? [`${root}/.git`] : []), ...submodules, ...readOnly];
  return {
    readOnly: [...new Set(all)].filter((path) => isPlain(view, path)),
    made: made.filter(({ path }) => hasPlainParent(view, path)),
    gitFolders: git.kind === "none" ? [] : [git.folder],
    watched: [...new Set([...all, ...(git.kind === "none" ? [`${root}/.git`] : [])])],
    warnings: git.kind === "none" && git.why !== undefined ? [git.why] : [],
  };
}

/** A link would be followed when it is mounted, and whoever made it may have chosen where it leads: it stays a link, and is told of when it changes. */
function isPlain(view: DiskView, path: string): boolean {
  const kind = view.kindOf(path);
  return (kind === "file" || kind === "folder") && view.realOf(path) === path;
}

/** What is made is made outside, where a link that the program has left would be followed. */
function hasPlainParent(view: DiskView, path: string): boolean {
  const parent = dirname(path);
  return view.kindOf(parent) === undefined ? hasPlainParent(view, parent) : view.realOf(parent) === parent;
}

function protectGit(view: DiskView, folder: string, root: string, home: string, settings: readonly string[]): { readOnly: string[]; made: Made[] } {
  const paths = [...settings, view.textOf(`${folder}/config`) ?? "", view.textOf(`${folder}/config.worktree`) ?? ""].map(parseGitPaths);
  const modules = listModules(view, `${folder}/modules`);
  const trees = listFolders(view, `${folder}/worktrees`);
  const whole = [folder, ...modules].map((path) => protectOne(view, path, parseGitPaths(view.textOf(`${path}/config`) ?? "").hasWorkTreeConfig));
  const hooks = paths.flatMap((path) => path.hooks).map((path) => expand(path, root, home)).filter((path) => isBelow(path, root) && !isBelow(path, folder));
  const includes = paths.flatMap((path: GitPaths) => path.includes).map((path) => expand(path, folder, home)).filter((path) => isBelow(path, root));
  return {
    readOnly: [...whole.flatMap(({ readOnly }) => readOnly), ...trees.flatMap((tree) => ["commondir", "gitdir", "config.worktree"].map((name) => `${tree}/${name}`)), ...hooks, ...includes],
    made: [...whole.flatMap(({ made }) => made), ...hooks.filter((path) => view.kindOf(path) === undefined).map((path): Made => ({ path, content: "folder" }))],
  };
}

/**
 * Git reads hooks and configuration from `commondir`, where there is such a file: one that says "here" takes nothing away, and another cannot be made then.
 * So it is with a folder for hooks that is missing.
 */
function protectOne(view: DiskView, folder: string, hasWorkTreeConfig: boolean): { readOnly: string[]; made: Made[] } {
  const wanted: Made[] = [
    { path: `${folder}/hooks`, content: "folder" },
    { path: `${folder}/commondir`, content: { text: ".\n" } },
    ...(hasWorkTreeConfig ? [{ path: `${folder}/config.worktree`, content: { text: "" } }] : []),
  ];
  return { readOnly: ["hooks", "config", "config.worktree", "commondir", "info/attributes"].map((name) => `${folder}/${name}`), made: wanted.filter(({ path }) => view.kindOf(path) === undefined) };
}

/** Git folders of submodules, whose names may have slashes. */
function listModules(view: DiskView, folder: string, depth = 0): string[] {
  if (depth > 4) return [];
  return listFolders(view, folder).flatMap((path) => (view.kindOf(`${path}/HEAD`) === "file" ? [path, ...listModules(view, `${path}/modules`, depth + 1)] : listModules(view, path, depth + 1))).slice(0, PARTS_MAX);
}

function listFolders(view: DiskView, folder: string): string[] {
  if (view.kindOf(folder) !== "folder") return [];
  return view.namesIn(folder).map((name) => `${folder}/${name}`).filter((path) => view.kindOf(path) === "folder").slice(0, PARTS_MAX);
}

function listSubmodules(view: DiskView, root: string): string[] {
  const lines = (view.textOf(`${root}/.gitmodules`) ?? "").split("\n");
  const paths = lines.flatMap((line) => /^\s*path\s*=\s*"?([^"]+?)"?\s*$/.exec(line)?.[1] ?? []);
  return paths.filter((path) => !path.startsWith("/") && !path.split("/").includes("..")).slice(0, PARTS_MAX);
}

function expand(path: string, folder: string, home: string): string {
  return path.startsWith("~/") ? `${home}${path.slice(1)}` : resolve(folder, path);
}
