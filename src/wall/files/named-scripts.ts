// Programs that settings name in a folder that a walled agent writes to: a status line's script, a hook, a list of servers. Whatever obeys the settings outside starts them. Pure.
import type { DiskView } from "./disk-view.ts";
import { isBelow } from "./path-order.ts";

/** Where a shell is told what to start. */
const SHELLS = [".bashrc", ".bash_profile", ".bash_login", ".bash_aliases", ".profile", ".zshrc", ".zprofile", ".zshenv", ".config/fish/config.fish"];
/** What starts, and what says what starts. An agent's own logs and logins are named in settings, too. */
const SCRIPT = /\/[^./][^/]*\.(?:sh|bash|zsh|fish|ps1|py|[cm]?[jt]sx?|rb|pl|php|lua|wasm|json|ya?ml|toml)$|\/[^./]+$/i;

export interface NamedScripts {
  /** Without links: the file, or the folder straight in the agent's that it is in, with whatever it loads from there. */
  readonly there: readonly string[];
  readonly missing: readonly string[];
}

/**
 * @param settings files in which paths may stand, as `~/…`, `$HOME/…` or whole.
 * @param folders of the agent's, in the home folder.
 */
export function findNamedScripts(view: DiskView, settings: readonly string[], folders: readonly string[], home: string): NamedScripts {
  if (folders.length === 0) return { there: [], missing: [] };
  const texts = [...settings, ...SHELLS.map((name) => `${home}/${name}`)].flatMap((path) => view.textOf(view.realOf(path) ?? path) ?? []);
  const named = new Set(texts.flatMap((text) => listPaths(text, home)).filter((path) => SCRIPT.test(path)));
  const there: string[] = [];
  const missing: string[] = [];
  for (const path of named) {
    const folder = folders.find((one) => isBelow(path, one));
    if (folder === undefined) continue;
    const kind = view.kindOf(path);
    const first = `${folder}/${path.slice(folder.length + 1).split("/", 1)[0] ?? ""}`;
    if (kind === undefined) missing.push(path);
    else if (kind === "file" && view.realOf(path) === path) there.push(first);
  }
  return { there: [...new Set(there)], missing };
}

function listPaths(text: string, home: string): string[] {
  const start = [home.replaceAll(/[^\w/-]/g, "\\$&"), "~", "\\$HOME", "\\$\\{HOME\\}"].join("|");
  return [...text.matchAll(new RegExp(`(?:${start})(/[^\\s"'\`;|&<>()*,:\\\\]+)`, "g"))].map(([, rest = ""]) => `${home}${rest}`).filter((path) => !path.split("/").some((part) => part === "." || part === ".."));
}
