import { lockVault } from "../app/keys/lock-state.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class Lock extends VaultCommand {
  static override summary = "Forget the master key at once, in every process";
  static override description = "The agent ends. Programs that were started by `run` go on, but get no more secrets.";
  static override examples = ["<%= config.bin %> lock"];

  async run(): Promise<void> {
    const { flags } = await this.parse(Lock);
    const wasUnlocked = await lockVault(makeSurroundings(undefined));
    this.answer(flags.json, { state: "locked", wasUnlocked }, [wasUnlocked ? "locked" : "locked (no agent held the key)"]);
  }
}
