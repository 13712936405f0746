import { Args, Flags } from "@oclif/core";
import { answerById } from "../app/approvals/waiting.ts";
import { parseReason } from "../cli/input/extent.ts";
import { describeAct, waitingObject } from "../cli/output/waiting-lines.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class Deny extends VaultCommand {
  static override summary = "Refuse a request that waits for you";
  static override description = "Its program reads that it was denied, and the reason, where you give one. `approve` lists what waits. Refused inside a run, as `approve` is.";
  static override examples = ["<%= config.bin %> deny k7f3x", { description: "The program reads why", command: "<%= config.bin %> deny k7f3x --reason 'not on a Friday'" }];
  static override args = { id: Args.string({ required: true, description: "of a request that waits" }) };
  static override flags = {
    reason: Flags.string({ description: "what the program is told", helpValue: "TEXT" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Deny);
    const seen = await answerById(makeSurroundings(undefined), "deny", args.id, { kind: "deny", reason: parseReason(flags.reason) });
    this.answer(flags.json, { denied: waitingObject(seen) }, [`denied: ${describeAct(seen.request, 500)}`]);
  }
}
