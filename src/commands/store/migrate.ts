import { Flags } from "@oclif/core";
import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { findStorePassword } from "../../cli/input/secret-input.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class StoreMigrate extends VaultCommand {
  static override summary = "Move the vault to a store, to another, or back to the file";
  static override description = "With its log and the logs of its runs. What was written is read back and verified before the old place is given up, by one act: killed at any moment, one of the two is whole and in force, and the same command goes on. Where this machine is lost, another one with the key can finish the move. Other machines are told where the vault has gone, and join it there with vault init --store. Needs the vault's key, and no run under way on this machine. The store's password comes from VAULT_STORE_PASSWORD.";
  static override examples = [
    "<%= config.bin %> store migrate --to postgres://vault@db.example.com/vault",
    { description: "Back to this machine's file", command: "<%= config.bin %> store migrate --to file" },
  ];

  static override flags = {
    to: Flags.string({ required: true, description: "the new place: a store's address, or file", helpValue: "URL|file" }),
    ...personFlags,
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(StoreMigrate);
    const surroundings = await forPersonOnly("store migrate", makeSurroundings(flags["passphrase-file"]), flags);
    const { moveVault } = await import("../../app/stores/move-vault.ts");
    const { nameStore } = await import("../../app/stores/named-store.ts");
    const named = flags.to === "file" ? "file" : await nameStore(surroundings, flags.to, findStorePassword());
    const { from, to, generation, lines, runs } = await moveVault(surroundings, named);
    this.answer(flags.json, { from, to, generation, entries: lines, runs }, [`moved the vault from ${from} to ${to}: generation ${generation}, ${lines} log entries, the logs of ${runs} ${runs === 1 ? "run" : "runs"}`]);
    if (named !== "file") await (await named.open()).close();
  }
}
