import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Args, Flags } from "@oclif/core";
import { sightVault } from "../app/keys/sighted-vault.ts";
import type { Grammar, Wanted } from "../cli/completion/completion.ts";
import { complete, harmlessWords, SHELLS } from "../cli/completion/completion.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Completion extends VaultCommand {
  static override summary = "Print what makes a shell complete commands, flags and names of secrets";
  static override description = "Names come from the vault file, which needs no key; values are never touched. The script asks the program each time, with the words of the line behind --, so it stays right after an update.";
  static override usage = "completion bash|fish|powershell|zsh";
  static override examples = [
    { description: "bash, in ~/.bashrc; zsh likewise, in ~/.zshrc behind compinit", command: 'eval "$(<%= config.bin %> completion bash)"' },
    { description: "fish, in ~/.config/fish/config.fish", command: "<%= config.bin %> completion fish | cat" },
    { description: "What would be offered behind this", command: "<%= config.bin %> completion -- run --st" },
  ];
  static override args = { shell: Args.string({ ignoreStdin: true, description: "the shell", options: [...SHELLS] }) };
  static override flags = { at: Flags.integer({ description: "how many words stand before the one to complete", hidden: true, min: 0 }) };

  async run(): Promise<void> {
    // The framework, when it parses, puts what it has made of them in their place.
    const given = [...this.argv];
    const dashes = given.indexOf("--");
    const { args, flags } = await this.parse(Completion, dashes < 0 ? given : given.slice(0, dashes));
    if (dashes < 0) {
      const { COMPLETION_SCRIPTS } = await import("../cli/completion/completion-scripts.ts");
      const shell = SHELLS.find((name) => name === args.shell);
      if (shell === undefined) throw new VaultError("usage", "say for which shell", `one of ${SHELLS.join(", ")}, such as: vault completion bash`);
      const script = COMPLETION_SCRIPTS[shell].trimEnd();
      this.answer(flags.json, { shell, script }, [script]);
      return;
    }
    const typed = given.slice(dashes + 1);
    const at = flags.at ?? Math.max(0, typed.length - 1);
    const grammar = JSON.parse(readFileSync(fileURLToPath(new URL("../oclif.manifest.json", import.meta.url)), "utf8")) as Grammar;
    const found = complete(grammar, typed.slice(0, at), typed[at] ?? "");
    const words = harmlessWords(found.kind === "words" ? found.words : await findNames(found.wanted), typed[at] ?? "");
    this.answer(flags.json, { words }, words);
  }
}

/** A Tab is no place for errors: without a vault there are no names. */
async function findNames(wanted: Wanted): Promise<string[]> {
  const surroundings = { ...makeSurroundings(undefined), warn: () => undefined };
  try {
    if (wanted === "services") return (await import("../app/services/known-services.ts")).openRegistry(surroundings).services.map(({ id }) => id);
    if (wanted === "topics") return (await import("../cli/help-pages.ts")).listTopics().map(({ topic }) => topic);
    const secrets = (await sightVault(surroundings)).file.records.all();
    if (wanted === "secrets") return secrets.map(({ name }) => name);
    const memberships = secrets.flatMap(({ scope, groups }) => [...groups, ...(scope.kind === "global" ? [] : [scope])]);
    return memberships.flatMap((member) => (wanted === "workspaces" ? [member.workspace] : "group" in member ? [member.group] : []));
  } catch (error) {
    if (error instanceof VaultError) return [];
    throw error;
  }
}
