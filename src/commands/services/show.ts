import { Args } from "@oclif/core";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { VaultCommand } from "../../cli/vault-command.ts";

export default class ServicesShow extends VaultCommand {
  static override summary = "Show where a service's keys may go, and what its presets let through";
  static override examples = ["<%= config.bin %> services show openai", "<%= config.bin %> services show OPENAI_API_KEY"];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: "the service's id, or a variable that holds its key" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServicesShow);
    // Only here: with it comes the whole list, which no other command is to wait for.
    const { getNamedService } = await import("../../app/services/known-services.ts");
    const { presetsOf } = await import("../../app/services/presets.ts");
    const { presetObject, serviceLines, serviceObject } = await import("../../cli/output/registry-lines.ts");
    const service = getNamedService(makeSurroundings(undefined), args.name);
    const presets = presetsOf(service);
    this.answer(flags.json, { service: { ...serviceObject(service), presets: presets.map(presetObject) } }, serviceLines(service, presets));
  }
}
