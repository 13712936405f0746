// Which runtime makes a command's requests: by the program's name, by the first line of a script, by what stands in a binary. Pure but for what it is handed to look with.

export type Runtime = "node" | "deno" | "bun" | "python" | "ruby" | "php" | "perl" | "r" | "elixir" | "java" | "go" | "curl" | "wget" | "git";

/** `program` is a path; for a runtime it is what runs the probe, and undefined where the machine has nothing to run one with. */
export type CommandKind =
  | { readonly kind: "runtime"; readonly runtime: Runtime; readonly program: string | undefined }
  | { readonly kind: "shell"; readonly program: string }
  | { readonly kind: "browser"; readonly program: string }
  | { readonly kind: "unknown"; readonly program: string }
  | { readonly kind: "not-found" };

export interface ProgramFiles {
  /** The path of what a command line's first word would start, or undefined. */
  readonly findProgram: (word: string) => string | undefined;
  /** How the file begins, latin-1; empty where it cannot be read. */
  readonly readHead: (path: string) => string;
}

/** Programs that are a runtime, or its only use. `python3.12` and `ruby3.1` count by what stands before the number. */
const INTERPRETERS: Readonly<Record<string, Runtime>> = { node: "node", nodejs: "node", deno: "deno", bun: "bun", bunx: "bun", python: "python", pypy: "python", ruby: "ruby", php: "php", perl: "perl", rscript: "r", r: "r", elixir: "elixir", java: "java", go: "go", curl: "curl", wget: "wget", git: "git" };
const BROWSERS = new Set(["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "brave-browser", "microsoft-edge", "firefox", "agent-browser"]);
const SHELLS = new Set(["sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "busybox"]);
/** Programs of which neither the name nor the first line is the runtime's: shell scripts that start one, and shims of version managers. With what runs their probe. */
const LAUNCHERS: Readonly<Record<string, readonly [Runtime, string]>> = {
  ...entries(["npm", "npx", "pnpm", "pnpx", "yarn", "corepack", "tsx", "ts-node"], "node", "node"),
  ...entries(["pip", "pip3", "pipx", "poetry", "pytest", "ipython", "uvicorn", "gunicorn", "flask", "jupyter", "uv", "uvx", "pipenv", "hatch"], "python", "python3"),
  ...entries(["gem", "bundle", "rake", "rails", "irb"], "ruby", "ruby"),
  ...entries(["composer", "phpunit", "artisan", "drush", "wp"], "php", "php"),
  ...entries(["iex", "mix"], "elixir", "elixir"),
  ...entries(["mvn", "gradle", "gradlew", "mvnw", "sbt", "kotlin", "scala", "groovy", "clojure", "clj"], "java", "java"),
};
/** Programs that do nothing but start another. */
const STARTERS = new Set(["env", "nohup", "setsid", "exec", "command"]);
/** Options of theirs whose value is a word of its own. */
const TAKES_WORD = new Set(["-u", "--unset", "-C", "--chdir"]);
/** A script whose interpreter is a script whose interpreter … */
const DEPTH_MAX = 4;
/** Go's linker notes its build id at the start: an ELF note of type 4 whose owner is "Go", or a text. */
const GO_NOTES = ["\x04\0\0\0Go\0\0", '\xff Go build ID: "'] as const;

/** What stands behind a command line. */
export function findCommandKind(words: readonly string[], files: ProgramFiles): CommandKind {
  const program = files.findProgram(findStarted(words));
  if (program === undefined) return { kind: "not-found" };
  return judge(program, files, 0);
}

function judge(program: string, files: ProgramFiles, depth: number): CommandKind {
  const name = nameOf(program);
  const runtime = Object.hasOwn(INTERPRETERS, name) ? INTERPRETERS[name] : undefined;
  if (runtime !== undefined) return { kind: "runtime", runtime, program };
  if (BROWSERS.has(name)) return { kind: "browser", program };
  if (SHELLS.has(name)) return { kind: "shell", program };
  const head = files.readHead(program);
  const behind = depth < DEPTH_MAX ? judgeScript(head, files, depth) : undefined;
  if (behind?.kind === "runtime") return behind;
  const launcher = Object.hasOwn(LAUNCHERS, name) ? LAUNCHERS[name] : undefined;
  if (launcher !== undefined) return { kind: "runtime", runtime: launcher[0], program: files.findProgram(launcher[1]) };
  if (GO_NOTES.some((note) => head.includes(note))) return { kind: "runtime", runtime: "go", program: files.findProgram("go") };
  return behind?.kind === "shell" ? { kind: "shell", program } : { kind: "unknown", program };
}

/** The word that names the program: `node` of `env -u NAME DEBUG=1 node agent.js`. */
export function findStarted(words: readonly string[]): string {
  const [first = "", ...more] = words;
  if (!STARTERS.has(nameOf(first))) return first;
  const at = more.findIndex((word, index) => !word.startsWith("-") && !word.includes("=") && !TAKES_WORD.has(more[index - 1] ?? ""));
  return at < 0 ? first : findStarted(more.slice(at));
}

/** Of a script, what its first line names: `#!/usr/bin/env -S node --flag`, `#!/opt/venv/bin/python3`. */
function judgeScript(head: string, files: ProgramFiles, depth: number): CommandKind | undefined {
  const line = /^#![ \t]*([^\r\n]+)/.exec(head)?.[1];
  if (line === undefined) return undefined;
  const words = line.trim().split(/[ \t]+/);
  const program = files.findProgram(findStarted(words));
  return program === undefined ? undefined : judge(program, files, depth + 1);
}

/** In lower case, without folder, Windows' ending and version. */
function nameOf(path: string): string {
  const last = path.split(/[/\\]/).at(-1) ?? "";
  const name = last.toLowerCase().replace(/\.(?:exe|cmd|bat|ps1)$/, "");
  return Object.hasOwn(LAUNCHERS, name) ? name : name.replace(/-?[0-9][0-9.]*$/, "");
}

function entries(names: readonly string[], runtime: Runtime, program: string): Record<string, readonly [Runtime, string]> {
  return Object.fromEntries(names.map((name) => [name, [runtime, program] as const]));
}
