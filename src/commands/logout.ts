import { Args } from "@oclif/core";
import { forPersonOnly, personFlags } from "../cli/input/person-flags.ts";
import { findScope, viewpointFlags } from "../cli/input/scope-flags.ts";
import { secretObject } from "../cli/output/secret-lines.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";

export default class Logout extends VaultCommand {
  static override summary = "End a login: the provider is told, and the vault forgets it";
  static override description = "Where the provider has no way to be told, or cannot be reached, that is said, and the vault forgets the login all the same: it then ends in the provider's settings, or by itself.";
  static override examples = ["<%= config.bin %> logout GITLAB_TOKEN"];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: "the login's name" }) };
  static override flags = { ...viewpointFlags, ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Logout);
    const surroundings = await forPersonOnly("logout", makeSurroundings(flags["passphrase-file"]), flags);
    const { logOut } = await import("../app/logins/log-out.ts");
    const { record, title, revocation } = await logOut(surroundings, args.name, findScope(flags));
    if (revocation.kind === "none") surroundings.warn(`${title} has no way to be told that a login is over: end it in its settings`);
    if (revocation.kind === "failed") surroundings.warn(`${title} was not told that the login is over (${revocation.reason}): end it in its settings`);
    this.answer(flags.json, { deleted: secretObject(record), revoked: revocation.kind === "done" }, [`logged out of ${title}: ${record.name} is deleted${revocation.kind === "done" ? ", and revoked there" : ""}`]);
  }
}
