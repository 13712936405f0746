import { makeSurroundings } from "../../cli/surroundings.ts";
import { answerWidth } from "../../cli/output/terminal.ts";
import { VaultCommand } from "../../cli/vault-command.ts";

export default class ServicesList extends VaultCommand {
  static override summary = "List the services whose keys are pinned by name";
  static override description = "A secret that is created under one of these variables goes to the service's hosts and to no others.";
  static override examples = ["<%= config.bin %> services list", "<%= config.bin %> services list --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(ServicesList);
    // Only here: with it comes the whole list, which no other command is to wait for.
    const { openRegistry } = await import("../../app/services/known-services.ts");
    const { serviceObject, serviceTable } = await import("../../cli/output/registry-lines.ts");
    const { services } = openRegistry(makeSurroundings(undefined));
    this.answer(flags.json, { services: services.map(serviceObject) }, serviceTable(services, answerWidth()));
  }
}
