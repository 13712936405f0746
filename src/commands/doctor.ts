import { Args, Flags } from "@oclif/core";
import { examine } from "../app/doctor/doctor.ts";
import { findingLines, findingObject, worstStatus } from "../cli/output/doctor-lines.ts";
import { forPersonOnly, personFlags } from "../cli/input/person-flags.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Doctor extends VaultCommand {
  static override summary = "Check everything that can be checked, and say what to do";
  static override description =
    "Changes nothing and asks nobody, but for --try; uses the key where an agent, key file, variable or keyring has it. With a command behind --, only that is looked at, and no vault is needed. A small program of the same runtime (Node, Deno, Bun, Python, Ruby, Java, Go, curl, wget, git) makes a request to a server of this machine. It goes through a proxy as a run has one. You are told whether such requests arrive, trust the proxy's certificate and get a secret put in, or what hinders them. The command itself is not started. " +
    "The exit status is 0 when there is no problem, notes aside. Otherwise it is that of the worst one, of these: " +
    "6: something is damaged, rolled back or open to others. 3: there is no vault. 11: made by a newer version. 5: the wrong key. 9: no key where it should be. 12: the audit log cannot be written. 10: a lock that may be held elsewhere. 14: a source gave no value. 4: the agent lost the key meanwhile. 2: a Node that is too old, or a program whose requests would not work. 1: something cannot be read.";
  static override usage = "doctor [--json] [--sandbox | --try | -- CMD ARGS…]";
  static override examples = ["<%= config.bin %> doctor", "<%= config.bin %> doctor --json", { description: "Does each value that is made come?", command: "<%= config.bin %> doctor --try" }, { description: "Can a program be run behind a wall here?", command: "<%= config.bin %> doctor --sandbox" }, { description: "Would the requests of this program work in a run?", command: "<%= config.bin %> doctor -- node agent.js" }];
  static override flags = {
    sandbox: Flags.boolean({ description: "look at nothing but whether vault run --sandbox works here, and what is in the way" }),
    try: Flags.boolean({ description: "ask each source of a value that is made (a command, another store) for it, and say what hinders it", exclusive: ["sandbox"] }),
    ...personFlags,
  };
  static override args = { command: Args.string({ multiple: true, ignoreStdin: true, description: "a program, as it would stand behind vault run --" }) };

  /** @returns the status of the worst problem, which `main` ends with. */
  async run(): Promise<number> {
    const { args, flags } = await this.parse(Doctor);
    const { command } = args;
    if (command !== undefined && !this.argv.includes("--")) throw new VaultError("usage", "put -- before the program", "vault doctor -- CMD ARGS");
    const surroundings = flags.try ? await forPersonOnly("doctor --try", makeSurroundings(undefined), flags) : makeSurroundings(undefined);
    if (flags.try && command !== undefined) throw new VaultError("usage", "--try goes without a program", "vault doctor --try");
    // Only here: the proxy and the process library would cost every other command 100 ms.
    if (flags.sandbox && command !== undefined) throw new VaultError("usage", "--sandbox looks at no program", "vault doctor --sandbox");
    const findings = flags.sandbox ? await (await import("../app/doctor/wall.ts")).examineWall(surroundings) : command === undefined ? await examine(surroundings, flags.try) : await (await import("../app/doctor/program.ts")).examineProgram(surroundings, command);
    const status = worstStatus(findings);
    this.answer(flags.json, { ok: status === 0, findings: findings.map(findingObject) }, findingLines(findings));
    return status;
  }
}
