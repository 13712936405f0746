import { operationArg, readQuestion, secretFlag, userFlag } from "../cli/input/handing-flags.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class GitCredential extends VaultCommand {
  static override summary = "Give git, in a run, a placeholder as its password";
  static override description = "A credential helper as git knows them: git starts it, and it answers by the host, or with the secret that -s names. It keeps and forgets nothing. Outside of a run it refuses, and git asks whom it asks otherwise. docs/tool-credentials.md leads through it.";
  static override usage = "git-credential [-s NAME] [--username USER] get|store|erase";
  static override examples = [
    { description: "For GitHub, GitLab and other known services", command: "git config --global credential.helper '!<%= config.bin %> git-credential'" },
    { description: "For a server of your own", command: "git config --global credential.https://git.example.com.helper '!<%= config.bin %> git-credential -s GIT_TOKEN'" },
  ];
  static override args = operationArg;
  static override flags = { ...secretFlag, ...userFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GitCredential);
    const { answerGit } = await import("../app/handing/git-credential.ts");
    const answered = await answerGit(makeSurroundings(undefined), { operation: args.operation, input: await readQuestion(), secret: flags.secret, user: flags.username });
    this.answer(flags.json, Object.fromEntries(answered), [...answered].map(([name, value]) => `${name}=${value}`));
  }
}
