import { Args } from "@oclif/core";
import { revokeIdentity } from "../../app/broker/accept-identity.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { identityLine, identityObject } from "../../cli/output/identity-lines.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class IdentityRevoke extends VaultCommand {
  static override summary = "Take back all that an identity was accepted for, in sessions that are open too";
  static override examples = ["<%= config.bin %> identity revoke build-runner"];
  static override args = { identity: Args.string({ required: true, ignoreStdin: true, description: "its handle, or its did:key" }) };
  static override flags = { ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IdentityRevoke);
    const surroundings = await forPersonOnly("identity revoke", makeSurroundings(flags["passphrase-file"]), flags);
    const revoked = await revokeIdentity(surroundings, args.identity);
    this.answer(flags.json, { revoked: identityObject(revoked) }, [`revoked: ${identityLine(revoked)}`]);
  }
}
