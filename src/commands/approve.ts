import { Args, Flags } from "@oclif/core";
import { canTellVisitors } from "../app/approvals/page-visitor.ts";
import { answerById, openApprovals } from "../app/approvals/waiting.ts";
import { parseExtent } from "../cli/input/extent.ts";
import { jsonLine } from "../cli/output/json-line.ts";
import { describeAct, waitingLine, waitingObject } from "../cli/output/waiting-lines.ts";
import { answer, hasTerminal } from "../cli/output/terminal.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { untilStopped } from "../cli/until-stopped.ts";
import { VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Approve extends VaultCommand {
  static override summary = "See the requests that wait for you, and let them go";
  static override description = "A rule of a secret (--ask) has requests wait for a person. At a terminal, each that waits is shown, and answered with one key; with an ID, that one is let go. Refused inside a run: its program must not answer for you.";
  static override examples = [
    "<%= config.bin %> approve --json",
    { description: "One that waits, and what its run sends of the same kind from now on", command: "<%= config.bin %> approve k7f3x --for run" },
  ];
  static override args = { id: Args.string({ description: "of a request that waits, as the run has named it" }) };
  static override flags = {
    for: Flags.string({ description: "approve more than this one request: for the run, for a time such as 10m, or for the whole rule until the vault is locked", helpValue: "run|TIME|rule" }),
    browser: Flags.boolean({ description: "show what waits on a page in your browser, until interrupted; identities that ask to be accepted, too", exclusive: ["for"] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Approve);
    const surroundings = makeSurroundings(undefined);
    if (args.id !== undefined) {
      if (flags.browser) throw new VaultError("usage", "--browser shows all that waits, and takes no ID", "vault approve --browser");
      const extent = parseExtent(flags.for);
      const seen = await answerById(surroundings, "approve", args.id, { kind: "allow", extent });
      this.answer(flags.json, { approved: waitingObject(seen), for: flags.for ?? "once" }, [`approved: ${describeAct(seen.request, 500)}`]);
      return;
    }
    if (flags.for !== undefined) throw new VaultError("usage", "--for goes with the ID of a request", "to see what waits: vault approve");
    const approvals = await openApprovals(surroundings, "approve", flags.browser ? "page" : "command");
    try {
      if (flags.browser) {
        const { approveInBrowser } = await import("../cli/pages/approve-browser.ts");
        const claims = canTellVisitors ? (await import("../app/broker/waiting-claims.ts")).openWaitingClaims(surroundings) : undefined;
        await untilStopped((signal) => approveInBrowser({ approvals, claims }, signal));
        return;
      }
      if (!flags.json && process.stdout.isTTY && hasTerminal()) {
        const { approveAtTerminal } = await import("../cli/approve-session.ts");
        await approveAtTerminal(approvals);
        return;
      }
      const waiting = await approvals.list();
      if (flags.json) answer(jsonLine(waiting.map(waitingObject)));
      else answer(waiting.length === 0 ? "nothing waits" : waiting.map(waitingLine).join("\n"));
    } finally {
      approvals.close();
    }
  }
}
