// What may stand where the cursor is. Pure: the commands come from their manifest, and names of secrets and the like from whoever asks.

/** As much of oclif.manifest.json as completion needs. */
export interface Grammar {
  readonly commands: Readonly<Record<string, CommandGrammar>>;
}

interface CommandGrammar {
  readonly aliases?: readonly string[];
  readonly hidden?: boolean;
  readonly flags: Readonly<Record<string, FlagGrammar>>;
}

interface FlagGrammar {
  readonly name: string;
  readonly char?: string;
  readonly type: "boolean" | "option";
  readonly options?: readonly string[];
  readonly multiple?: boolean;
  readonly hidden?: boolean;
  readonly allowNo?: boolean;
}

/** What is asked for only where it can stand. */
export type Wanted = "secrets" | "services" | "workspaces" | "groups" | "topics";

export type Completion = { readonly kind: "words"; readonly words: readonly string[] } | { readonly kind: "names"; readonly wanted: Wanted };

export const SHELLS = ["bash", "fish", "powershell", "zsh"] as const;

const NAMED_BY_FLAG: Readonly<Record<string, Wanted>> = { secret: "secrets", service: "services", workspace: "workspaces", group: "groups" };
/** Commands whose first argument is a name that there is. */
const NAMED_BY_ARGUMENT: Readonly<Record<string, Wanted>> = {
  "secrets:show": "secrets",
  "secrets:update": "secrets",
  "secrets:rotate": "secrets",
  "secrets:delete": "secrets",
  "secrets:attach-group": "secrets",
  "secrets:detach-group": "secrets",
  "services:show": "services",
  help: "topics",
};
const CHOICES: Readonly<Record<string, readonly string[]>> = { completion: SHELLS, explain: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] };
/** These take a program behind `--`. */
const WITH_PROGRAM = ["run", "doctor"];
const NOTHING: Completion = { kind: "words", words: [] };

/**
 * @param before the words behind the program's name and before the cursor's.
 * @param current the word that the cursor is in, up to the cursor; what is found may still have to be held against it.
 */
export function complete({ commands }: Grammar, before: readonly string[], current: string): Completion {
  // A shell completes the program that is to be run by itself.
  if (before.includes("--")) return NOTHING;
  const visible = Object.entries(commands).filter(([, { hidden }]) => hidden !== true);
  const ids = visible.flatMap(([id, { aliases = [] }]) => [id, ...aliases]);
  const [first, second] = before;
  if (first === undefined) return { kind: "words", words: [...new Set(ids.map((id) => id.split(":")[0] ?? id)), "--help", "--version"] };
  const words = ids.includes(first) ? 1 : 2;
  if (words === 2 && second === undefined) return { kind: "words", words: ids.filter((id) => id.startsWith(`${first}:`)).map((id) => id.slice(first.length + 1)) };
  const id = words === 1 ? first : `${first}:${second ?? ""}`;
  const command = commands[id] ?? visible.find(([, { aliases = [] }]) => aliases.includes(id))?.[1];
  return command === undefined ? NOTHING : completeCommand(id, command, before.slice(words), current);
}

function completeCommand(id: string, { flags }: CommandGrammar, before: readonly string[], current: string): Completion {
  const all = Object.values(flags).filter(({ hidden }) => hidden !== true);
  const findFlag = (word: string): FlagGrammar | undefined => all.find(({ name, char }) => word === `--${name}` || (char !== undefined && word === `-${char}`));
  const last = findFlag(before.at(-1) ?? "");
  if (last?.type === "option") {
    const wanted = NAMED_BY_FLAG[last.name];
    return wanted === undefined ? { kind: "words", words: last.options ?? [] } : { kind: "names", wanted };
  }
  if (current.startsWith("-")) {
    const open = all.filter((flag) => flag.multiple === true || !before.some((word) => findFlag(word) === flag));
    return { kind: "words", words: [...open.flatMap(({ name, allowNo }) => [`--${name}`, ...(allowNo === true ? [`--no-${name}`] : [])]), "--help", ...(WITH_PROGRAM.includes(id) ? ["--"] : [])] };
  }
  const taken = before.filter((word, index) => !word.startsWith("-") && findFlag(before[index - 1] ?? "")?.type !== "option").length;
  const wanted = NAMED_BY_ARGUMENT[id];
  if (taken > 0) return NOTHING;
  if (wanted !== undefined) return { kind: "names", wanted };
  return { kind: "words", words: WITH_PROGRAM.includes(id) ? ["--"] : (CHOICES[id] ?? []) };
}

/** Words that mean nothing to any shell: an id of a workspace may hold quotes, dollars and line breaks of its own. */
export function harmlessWords(words: Iterable<string>, current: string): string[] {
  return [...new Set(words)].filter((word) => /^[\w.:*/@+-]+$/.test(word) && word.startsWith(current)).sort();
}
