import { Flags } from "@oclif/core";
import { unlockVault } from "../app/keys/unlock-vault.ts";
import { parseDuration } from "../cli/input/duration.ts";
import { formatDuration } from "../cli/output/duration-text.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";

export default class Unlock extends VaultCommand {
  static override summary = "Hand the master key to the agent, which holds it for the commands that follow";
  static override examples = ["<%= config.bin %> unlock", "<%= config.bin %> unlock --ttl 1h --idle 5m"];
  static override flags = {
    ttl: Flags.string({ description: "forget the key after this time, whatever happens", default: "8h", helpValue: "TIME" }),
    idle: Flags.string({ description: "forget the key when it was not used for this time", default: "15m", helpValue: "TIME" }),
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Unlock);
    const ttlMs = parseDuration(flags.ttl, "--ttl");
    const idleMs = Math.min(parseDuration(flags.idle, "--idle"), ttlMs);
    await unlockVault(makeSurroundings(flags["passphrase-file"]), { ttlMs, idleMs });
    this.answer(flags.json, { state: "unlocked", ttlSeconds: ttlMs / 1000, idleSeconds: idleMs / 1000 }, [
      `unlocked for ${formatDuration(ttlMs / 1000)}, or until unused for ${formatDuration(idleMs / 1000)}`,
    ]);
  }
}
