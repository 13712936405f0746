import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Grammar } from "../../../src/cli/completion/completion.ts";
import { complete, harmlessWords } from "../../../src/cli/completion/completion.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { makeFolder } from "../../support/temporary.ts";
import { makeBin } from "../../support/transcript.ts";

const grammar = JSON.parse(readFileSync(fileURLToPath(new URL("../../../oclif.manifest.json", import.meta.url)), "utf8")) as Grammar;
/** Of a line whose last word is the cursor's. */
function offer(line: string): string[] | string {
  const words = line.split(" ");
  const current = words.at(-1) ?? "";
  const found = complete(grammar, words.slice(0, -1), current);
  return found.kind === "names" ? `(${found.wanted})` : harmlessWords(found.words, current);
}

describe("completion", () => {
  it.each([
    ["se", ["seal", "secrets", "serve", "services"]], ["secrets a", ["attach-group"]], ["stat", ["status"]], ["who", ["whoami"]], ["secrets show ", "(secrets)"], ["secrets show A_KEY ", []], ["secrets create ", []], ["services show ", "(services)"], ["help ", "(topics)"], ["secrets create X --service ", "(services)"],
    ["run -s ", "(secrets)"], ["run --secret ", "(secrets)"], ["run --workspace ", "(workspaces)"], ["run --workspace w --group ", "(groups)"], ["run --str", ["--strict"]], ["run --strict --str", []], ["run --strict ", ["--"]], ["run -s A --se", ["--secret"]], ["run -- node --st", []], ["run --log ", []],
    ["init --provider k", ["keyring"]], ["completion ", ["bash", "fish", "powershell", "zsh"]], ["explain P", ["PATCH", "POST", "PUT"]], ["explain GET ", []], ["secrets update A --workspace w ", []], ["secrets update --workspace w ", "(secrets)"], ["nonsense ", []], ["nonsense x ", []], ["whoami --j", ["--json"]],
  ])("%j may go on with %j", (line, words) => {
    expect(offer(line)).toEqual(words);
  });

  it("offers no flag that is hidden, and --no- where there is one", () => {
    expect(offer("secrets update A --no-")).toEqual(["--no-allow-private", "--no-scrub"]);
    expect(offer("completion --a")).toEqual([]);
  });

  it("gives a shell no word that means something to it", () => {
    expect(harmlessWords(["plain", "$(reboot)", "a b", "`x`", "a;b", "a\nb", "'", "ü", "", "plain"], "")).toEqual(["plain"]);
  });
});

interface Place {
  readonly env: Record<string, string>;
}

function makePlace(): Place {
  const folder = makeFolder();
  const env = { PATH: `${makeBin(folder)}:${process.env["PATH"] ?? ""}`, HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault"), TERM: "dumb" };
  mkdirSync(join(folder, "empty"));
  const vault = (input: string, ...args: readonly string[]): void => { expect(spawnSync(NODE, [RUN_JS, ...args], { env, input }).status).toBe(0); };
  vault("", "init", "--provider", "file");
  vault("value", "secrets", "create", "A_KEY", "--host", "a.example");
  vault("value", "secrets", "create", "B_KEY", "--host", "a.example", "--workspace", "w$(reboot)");
  return { env };
}

const has = (shell: string): boolean => spawnSync("sh", ["-c", `command -v ${shell}`]).status === 0;
const run = ({ env }: Place, shell: string, script: string): string => {
  const file = join(env["HOME"] ?? "", "script");
  writeFileSync(file, script);
  return spawnSync(shell, [...(shell === "zsh" ? ["-f"] : []), file], { env, cwd: join(env["HOME"] ?? "", "empty"), encoding: "utf8", timeout: 25_000 }).stdout;
};

describe("the completion scripts", () => {
  it.skipIf(!has("bash"))("in bash (needs bash)", () => {
    const offered = run(makePlace(), "bash", `source <(vault completion bash)
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _vault_complete; echo "\${COMPREPLY[*]}"; }
try vault secrets show ""; try vault run -s A; try vault sta; try vault run -- printen; try vault run --workspace ""; try vault run --log x\n`);
    expect(offered.split("\n").slice(0, 3)).toEqual(["A_KEY\nB_KEY".replace("\n", " "), "A_KEY", "status"]);
    expect(offered.split("\n")[3]).toMatch(/^printenv/);
    expect(offered.split("\n").slice(4)).toEqual(["", "", ""]);
  });

  it.skipIf(!has("fish"))("in fish (needs fish)", () => {
    const offered = run(makePlace(), "fish", 'vault completion fish | source; for line in "vault secrets show " "vault run -s A" "vault sta" "vault run -- printen"; complete -C $line; end');
    expect(offered.split("\n").map((line) => line.split("\t")[0])).toEqual(["A_KEY", "B_KEY", "A_KEY", "status", "printenv", ""]);
  });

  it.skipIf(!has("zsh"))("in zsh (needs zsh)", () => {
    const offered = run(makePlace(), "zsh", `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; source <(vault completion zsh); print read''y'
zpty -r -m z out '*ready*'
zpty -w -n z $'vault secrets show A_\\t'; zpty -r -m z out '*A_KEY*'; print -r -- found
zpty -w -n z $'\\C-uvault run -- printen\\t'; zpty -r -m z out '*printenv*'; print -r -- found
zpty -d z\n`);
    expect(offered).toBe("found\nfound\n");
  });

  it.skipIf(!has("pwsh"))("in PowerShell (needs pwsh)", () => {
    const offered = spawnSync("pwsh", ["-NoProfile", "-Command", "vault completion powershell | Out-String | Invoke-Expression; foreach ($line in 'vault secrets show ', 'vault run -s A', 'vault sta') { (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText -join ' ' }"], { env: makePlace().env, encoding: "utf8" }).stdout;
    expect(offered.trim().split(/\r?\n/)).toEqual(["A_KEY B_KEY", "A_KEY", "status"]);
  });
});
