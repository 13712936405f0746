import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Args, Flags } from "@oclif/core";
import { helpLines, topicLines } from "../cli/output/help-lines.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class Help extends VaultCommand {
  static override summary = "Tell how something is done, or what a message means";
  static override description = "Without a topic, lists them: a page a task. The code of a refusal or of an error shows what it means and what to do. A page is shown up to its first commands, and whole with --all. Of a command, or the first word of several, that no page is named after, its own help is shown.";
  static override examples = [
    { description: "The topics", command: "<%= config.bin %> help" },
    { description: "How to give an MCP server a token", command: "<%= config.bin %> help mcp" },
    { description: "Why a request was refused with this code", command: "<%= config.bin %> help unmatched-host" },
  ];
  static override args = { topic: Args.string({ ignoreStdin: true, description: "a topic, a code, or a command" }), more: Args.string({ ignoreStdin: true, description: "the second word of a command" }) };
  static override flags = {
    all: Flags.boolean({ description: "the whole page" }),
    // The framework takes this command's name for a way of writing its flag, and would show the list of commands.
    help: Flags.boolean({ hidden: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Help);
    const words = [args.topic, args.more].filter((word) => word !== undefined);
    if (flags.help || args.topic === "help") {
      await this.#tellCommand(["help"], flags.json);
      return;
    }
    const { findHelp, listTopics } = await import("../cli/help-pages.ts");
    const topics = listTopics();
    if (args.topic === undefined) {
      const { answerWidth } = await import("../cli/output/terminal.ts");
      this.answer(flags.json, { topics }, topicLines(topics, answerWidth()));
      return;
    }
    const commands = readCommands();
    const isCommand = commands.some((id) => id === words.join(":") || id.startsWith(`${words.join(":")}:`));
    if (isCommand && !topics.some(({ topic }) => topic === words.join("-"))) {
      await this.#tellCommand(words, flags.json);
      return;
    }
    const help = findHelp(words.join("-").toLowerCase(), commands.map((id) => id.replace(":", " ")));
    this.answer(flags.json, help.kind === "page" ? { topic: help.topic, title: help.page.title, text: help.page.whole } : { topic: help.topic, text: help.sections.join("\n\n") }, [...helpLines(help, flags.all), ...(isCommand ? [`the command's own help: vault ${words.join(" ")} --help`] : [])]);
  }

  async #tellCommand(words: readonly string[], isJson: boolean): Promise<void> {
    const { commandHelp } = await import("../cli/command-help.ts");
    const text = await commandHelp(this.config, words);
    this.answer(isJson, { topic: words.join(" "), text }, [text]);
  }
}

/** Their ids: `secrets:list`. */
function readCommands(): string[] {
  return Object.keys((JSON.parse(readFileSync(fileURLToPath(new URL("../oclif.manifest.json", import.meta.url)), "utf8")) as { readonly commands: Readonly<Record<string, unknown>> }).commands);
}
