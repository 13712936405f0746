import { examine } from "../app/doctor.ts";
import { findingLines, findingObject, worstStatus } from "../cli/doctor-lines.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class Doctor extends VaultCommand {
  static override summary = "Check everything that can be checked, and say what to do";
  static override description =
    "Changes nothing and asks nobody; uses the key where an agent, key file, variable or keyring has it. The exit status is 0 when there is no problem, notes aside, or else that of the worst one: " +
    "6 something is damaged, rolled back or open to others, 3 there is no vault, 11 made by a newer version, 5 the wrong key, 9 no key where it should be, 12 the audit log cannot be written, 10 a lock that may be held elsewhere, 4 the agent lost the key meanwhile, 2 a Node that is too old, 1 something cannot be read.";
  static override examples = ["<%= config.bin %> doctor", "<%= config.bin %> doctor --json"];

  /** @returns the status of the worst problem, which `main` ends with. */
  async run(): Promise<number> {
    const { flags } = await this.parse(Doctor);
    const findings = await examine(makeSurroundings(undefined));
    const status = worstStatus(findings);
    this.answer(flags.json, { ok: status === 0, findings: findings.map(findingObject) }, findingLines(findings));
    return status;
  }
}
