// What the framework says of a command, or of the commands that share a first word, as a text: it prints by itself otherwise.
import type { Config } from "@oclif/core";
import { Help } from "@oclif/core";

class HeldHelp extends Help {
  readonly said: string[] = [];

  protected override log(...words: string[]): void {
    this.said.push(words.join(" "));
  }
}

/** What `vault WORDS --help` prints. @param words of a command, or the first one of several. */
export async function commandHelp(config: Config, words: readonly string[]): Promise<string> {
  await config.load();
  const help = new HeldHelp(config, { ...config.pjson.oclif.helpOptions });
  const command = config.findCommand(words.join(":"));
  if (command === undefined) await help.showHelp([...words, "--help"]);
  else await help.showCommandHelp(command);
  return help.said.join("\n").trimEnd();
}
