// What in a Git configuration leads to other files. Read with a plain eye: what is quoted in a way that this does not see through is not found.

export interface GitPaths {
  /** As they stand there: `~` and relative ones too. */
  readonly hooks: readonly string[];
  readonly includes: readonly string[];
  readonly workTree: string | undefined;
  /** Whether Git reads `config.worktree` as well. */
  readonly hasWorkTreeConfig: boolean;
}

/** Never fails: a line that is none of git-config(1) is passed over. */
export function parseGitPaths(text: string): GitPaths {
  const hooks: string[] = [];
  const includes: string[] = [];
  let workTree: string | undefined;
  let hasWorkTreeConfig = false;
  let section = "";
  for (const line of text.split("\n")) {
    const head = /^\s*\[\s*([A-Za-z0-9.-]+)(?:\s+"(?:[^"\\]|\\.)*")?\s*\](.*)$/.exec(line);
    section = head?.[1]?.toLowerCase() ?? section;
    const setting = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*?)\s*$/.exec(head?.[2] ?? line);
    const [name, value] = [`${section}.${setting?.[1]?.toLowerCase() ?? ""}`, unquote(setting?.[2] ?? "")];
    if (value === "") continue;
    if (name === "core.hookspath") hooks.push(value);
    if (name === "include.path" || name === "includeif.path") includes.push(value);
    if (name === "core.worktree") workTree = value;
    if (name === "extensions.worktreeconfig") hasWorkTreeConfig = /^(true|yes|on|1)$/i.test(value);
  }
  return { hooks, includes, workTree, hasWorkTreeConfig };
}

function unquote(value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(value)?.[1];
  return quoted === undefined ? value.replace(/\s+[#;].*$/, "") : quoted.replaceAll(/\\(.)/g, "$1");
}
