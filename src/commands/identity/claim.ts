import { Flags } from "@oclif/core";
import { openBroker } from "../../app/broker/open-broker.ts";
import { brokerFlags, readPem } from "../../cli/input/broker-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { VaultCommand } from "../../cli/vault-command.ts";

export default class IdentityClaim extends VaultCommand {
  static override summary = "Ask a broker's owners to accept an identity";
  static override description = "They see it in vault identity list, and say vault identity accept at the broker's machine. Until then it may do nothing there.";
  static override examples = ["<%= config.bin %> identity claim --broker https://broker.example:7998 --identity build-runner"];
  static override flags = {
    broker: Flags.string({ description: "the broker's address", helpValue: "URL", required: true }),
    identity: Flags.string({ description: "whom it is to accept: a handle of vault identity create", helpValue: "HANDLE", required: true }),
    "broker-ca": brokerFlags["broker-ca"],
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(IdentityClaim);
    const ca = flags["broker-ca"];
    const { client, did } = await openBroker(makeSurroundings(undefined), { url: flags.broker, handle: flags.identity, roots: ca === undefined ? undefined : [await readPem("--broker-ca", ca)] });
    const { claimIdentity } = await import("../../app/broker/claim-identity.ts");
    await claimIdentity(client, flags.identity);
    this.answer(flags.json, { handle: flags.identity, did, broker: client.origin }, [`asked ${client.origin} to accept ${flags.identity} (${did})`, `its owner says, with this very key: vault identity accept ${flags.identity} --did ${did}`]);
  }
}
