import { Args, Flags } from "@oclif/core";
import { askPerson } from "../app/approvals/ask-person.ts";
import { parseReason } from "../cli/input/extent.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class Ask extends VaultCommand {
  static override summary = "Inside a run, ask its person for a secret or a host that the program lacks";
  static override description = "It appears where requests wait (vault approve), with what to type to give it. Ends with 0 after a yes, and with 14 after a no or where nobody answers. A yes changes nothing by itself: the person starts the run anew, or binds the host. A program that cannot start vault asks the run's proxy for http://ask.vault.invalid/?for=NAME&why=TEXT.";
  static override examples = ["<%= config.bin %> ask GITHUB_TOKEN --reason 'to open the pull request'"];
  static override args = { what: Args.string({ required: true, description: "the name of a secret, or a host" }) };
  static override flags = {
    reason: Flags.string({ description: "what the person is shown, as your words", helpValue: "TEXT" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Ask);
    await askPerson(process.env, args.what, parseReason(flags.reason));
    this.answer(flags.json, { answer: "yes" }, ["yes"]);
  }
}
