import { Args, Flags } from "@oclif/core";
import { acceptIdentity } from "../../app/broker/accept-identity.ts";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { parseViewpoint, viewpointFlags } from "../../cli/input/scope-flags.ts";
import { identityLine, identityObject } from "../../cli/output/identity-lines.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class IdentityAccept extends VaultCommand {
  static override summary = "Let an identity use this vault's secrets through a broker";
  static override description = "It may use what a run with the same --workspace and --group sees: without them, the global secrets. Accepted once more for another group, it may use both, one at a time. A handle is what somebody calls himself: with --did, only whoever has that key is accepted. What was accepted stands in the audit log.";
  static override examples = ["<%= config.bin %> identity accept build-runner --did did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp --workspace acme --group ci"];
  static override args = { identity: Args.string({ required: true, ignoreStdin: true, description: "its handle, as vault identity list shows it, or its did:key" }) };
  static override flags = { did: Flags.string({ description: "its did:key, as vault identity claim has printed it on its own machine: a claim with another key is refused", helpValue: "DID" }), as: Flags.string({ description: "call it by another handle", helpValue: "HANDLE" }), ...viewpointFlags, ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IdentityAccept);
    const surroundings = await forPersonOnly("identity accept", makeSurroundings(flags["passphrase-file"]), flags);
    const accepted = await acceptIdentity(surroundings, args.identity, flags.as, parseViewpoint(flags), flags.did);
    // By a handle alone, the first who has claimed it was taken at his word.
    if (flags.did === undefined && args.identity !== accepted.did) surroundings.warn(`see that ${accepted.did} is what vault identity claim has printed on its own machine; if not: vault identity revoke ${accepted.handle}`);
    this.answer(flags.json, { accepted: identityObject(accepted) }, [`accepted: ${identityLine(accepted)}`]);
  }
}
