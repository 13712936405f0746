import { listIdentities } from "../../app/broker/accept-identity.ts";
import { identityLine, identityObject } from "../../cli/output/identity-lines.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class IdentityList extends VaultCommand {
  static override summary = "Show who is accepted for this vault, who asks to be, and the identities of this machine";
  static override examples = ["<%= config.bin %> identity list"];
  static override flags = { ...passphraseFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(IdentityList);
    const { accepted, claims, own, hasVault } = await listIdentities(makeSurroundings(flags["passphrase-file"]));
    this.answer(flags.json, { accepted: accepted.map(identityObject), claims, own }, [
      ...(accepted.length === 0 && hasVault ? ["nobody is accepted"] : accepted.map(identityLine)),
      ...claims.map(({ did, handle, at }) => `asks: ${handle} (${did}), since ${at}`),
      ...own.map(({ handle, did }) => `of this machine, for brokers: ${handle} (${did})`),
      // Copied from this list, it would prove nothing.
      ...(claims.length === 0 ? [] : ["to accept one: vault identity accept HANDLE --did DID, with the did:key that vault identity claim has printed on its own machine"]),
    ]);
  }
}
