import { namedSecretFlag } from "../cli/input/handing-flags.ts";
import { answer } from "../cli/output/terminal.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class AwsCredentialProcess extends VaultCommand {
  static override summary = "Give AWS's clients, in a run, placeholders to sign with";
  static override description = "For credential_process in a profile of ~/.aws/config, where several secrets of the kind aws-sts are for several profiles; one alone needs no profile, since a run sets AWS's variables. Outside of a run it refuses. docs/tool-credentials.md leads through it.";
  static override usage = "aws-credential-process -s NAME";
  static override examples = [{ description: "A profile whose requests are signed as the secret AWS_DEPLOY allows", command: "printf '[profile deploy]\\ncredential_process = <%= config.bin %> aws-credential-process -s AWS_DEPLOY\\n' >> config" }];
  static override flags = namedSecretFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(AwsCredentialProcess);
    const { answerAws } = await import("../app/handing/process-credentials.ts");
    answer(await answerAws(makeSurroundings(undefined), flags.secret));
  }
}
