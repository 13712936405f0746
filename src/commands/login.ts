import { Args, Flags } from "@oclif/core";
import { loginFlags, parseLogin } from "../cli/input/login-flags.ts";
import { forPersonOnly, personFlags } from "../cli/input/person-flags.ts";
import { secretObject } from "../cli/output/secret-lines.ts";
import { answerWidth } from "../cli/output/terminal.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { firstUseFlags, passphraseFlags, VaultCommand } from "../cli/vault-command.ts";

export default class Login extends VaultCommand {
  static override summary = "Log in at a provider; runs have a token of it that is renewed by itself";
  static override description = "A page in the browser, or a code that is typed on any machine, is all that there is to it. What the provider gives goes into the vault. Programs in a run see a placeholder that is good for as long as the run. Under the name of a login that is there already, it is renewed, with the client and the scopes of the last time unless others are said. Without a browser, and with --device, the address of the page stands on stderr.";
  static override examples = [
    { description: "The providers that are known, and what a login there takes", command: "<%= config.bin %> login --list" },
    { description: "By a code that is typed on any machine", command: "<%= config.bin %> login github --client-id Iv1.0123456789abcdef --device" },
    { description: "In the browser, for the scopes that are said; two accounts are two names", command: "<%= config.bin %> login google --name WORK_MAIL --scope https://www.googleapis.com/auth/gmail.readonly --client-id ID.apps.googleusercontent.com --client-secret-file client-secret.txt" },
    { description: "A company's own GitLab", command: "<%= config.bin %> login gitlab --base-url https://gitlab.example.com --client-id 0123456789abcdef --upstream-ca company-root.pem" },
    { description: "An MCP server, which says itself where one logs in", command: "<%= config.bin %> login --issuer https://mcp.example.com/mcp" },
  ];
  static override args = { provider: Args.string({ ignoreStdin: true, description: "one of vault login --list, or the name of a login that is to be renewed" }) };
  static override flags = { list: Flags.boolean({ description: "show the providers that are known, and log in nowhere" }), ...loginFlags, ...firstUseFlags, ...personFlags, ...passphraseFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Login);
    if (flags.list) {
      // Only here, as below: a list that no other command waits for.
      const { providerObjects, providerTable } = await import("../cli/output/provider-lines.ts");
      this.answer(flags.json, { providers: providerObjects() }, providerTable(answerWidth()));
      return;
    }
    const surroundings = await forPersonOnly("login", makeSurroundings(flags["passphrase-file"], flags["no-init"]), flags);
    const asked = await parseLogin(args.provider, flags);
    // With it come a server, and a client for others.
    const { logIn } = await import("../app/logins/log-in.ts");
    const { makeLoginPerson } = await import("../cli/input/login-person.ts");
    const { record, isNew, title, account, ends } = await logIn(surroundings, asked, makeLoginPerson(flags["client-secret-file"]));
    const who = account === undefined ? "" : ` as ${account}`;
    const until = ends === undefined ? "" : `, until ${ends.toISOString()}: it cannot be renewed by itself`;
    const where = record.hosts.length > 0 ? ` for ${record.hosts.join(" ")}` : "";
    this.answer(flags.json, { secret: secretObject(record), account: account ?? null, ends: ends?.toISOString() ?? null }, [`${isNew ? "logged in at" : "logged in again at"} ${title}${who}: ${record.name}${where}${until}`]);
  }
}
