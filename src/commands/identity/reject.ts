import { Args } from "@oclif/core";
import { rejectClaim } from "../../app/broker/accept-identity.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { VaultCommand } from "../../cli/vault-command.ts";

export default class IdentityReject extends VaultCommand {
  static override summary = "Drop an identity's claim to be accepted";
  static override examples = ["<%= config.bin %> identity reject build-runner"];
  static override args = { identity: Args.string({ required: true, ignoreStdin: true, description: "its handle, or its did:key" }) };
  static override flags = { ...personFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IdentityReject);
    const { did, handle } = rejectClaim(await forPersonOnly("identity reject", makeSurroundings(undefined), flags), args.identity);
    this.answer(flags.json, { rejected: { did, handle } }, [`rejected: ${handle} (${did})`]);
  }
}
