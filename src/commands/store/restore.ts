import { forPersonOnly, personFlags } from "../../cli/input/person-flags.ts";
import { makeSurroundings } from "../../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../../cli/vault-command.ts";

export default class StoreRestore extends VaultCommand {
  static override summary = "Put this machine's newer copy of the vault back into its store";
  static override description = "For a store that was put back to an older state, or that has lost writes in a failover: commands refuse what it has then, as rolled back. The vault and the log there become what this machine has; what other machines have changed in the older state is lost. Also for a vault that was moved to the file of a machine that is lost. Needs the vault's key.";
  static override examples = ["<%= config.bin %> store restore"];
  static override flags = { ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(StoreRestore);
    const surroundings = await forPersonOnly("store restore", makeSurroundings(flags["passphrase-file"]), flags);
    const { restoreStore } = await import("../../app/stores/restore-store.ts");
    const { file, where, before, log } = await restoreStore(surroundings);
    const { generation } = file.contents;
    this.answer(flags.json, { store: where, generation, before: before ?? null, entries: log.lines, dropped: log.dropped }, [
      `the vault in the store ${where} is generation ${generation} again${before === undefined ? "" : `, in the place of ${before}`}; its log has ${log.lines} entries${log.dropped === 0 ? "" : `, and ${log.dropped} others no more`}`,
    ]);
  }
}
