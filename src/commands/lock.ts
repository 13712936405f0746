import { lockVault } from "../app/keys/lock-vault.ts";
import { EXIT } from "../cli/output/exit-status.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class Lock extends VaultCommand {
  static override summary = "Forget the master key at once, in every process";
  static override description = "The agent ends. Programs that were started by `run` go on, but get no more secrets. Waits until each run has confirmed that; one that does not, because it was stopped, say, is named, and the status is 10.";
  static override examples = ["<%= config.bin %> lock"];

  /** @returns a status of its own where a run was not reached: what was typed has not come true for it. */
  async run(): Promise<number> {
    const { flags } = await this.parse(Lock);
    const { wasUnlocked, unreached } = await lockVault(makeSurroundings(undefined));
    const runs = unreached.map(({ pid, sinceMs }) => ({ pid, since: new Date(sinceMs).toISOString() }));
    const but = runs.length === 0 ? "" : `, but for ${runs.length} ${runs.length === 1 ? "run" : "runs"} that did not answer`;
    this.answer(flags.json, { state: "locked", wasUnlocked, unreached: runs }, [`locked${wasUnlocked ? "" : " (no agent held the key)"}${but}`]);
    return unreached.length === 0 ? EXIT.done : EXIT.busy;
  }
}
