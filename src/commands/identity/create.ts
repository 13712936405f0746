import { Args } from "@oclif/core";
import { createIdentity } from "../../app/broker/own-identities.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { VaultCommand } from "../../cli/vault-command.ts";

export default class IdentityCreate extends VaultCommand {
  static override summary = "Make an identity: a key by which this machine proves to brokers who asks";
  static override description = "The key stays in a file of this machine's (0600), or goes into the variable VAULT_IDENTITY_KEY of a machine that comes and goes. Its public half is its name, a did:key, which is no secret.";
  static override examples = ["<%= config.bin %> identity create build-runner"];
  static override args = { handle: Args.string({ required: true, ignoreStdin: true, description: "what people call it" }) };
  static override flags = {};

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IdentityCreate);
    const { did, path } = createIdentity(makeSurroundings(undefined).paths, args.handle);
    this.answer(flags.json, { handle: args.handle, did, path }, [did]);
  }
}
