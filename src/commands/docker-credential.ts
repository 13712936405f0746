import { operationArg, readQuestion, secretFlag, userFlag } from "../cli/input/handing-flags.ts";
import { answer } from "../cli/output/terminal.ts";
import { EXIT } from "../cli/output/exit-status.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class DockerCredential extends VaultCommand {
  static override summary = "Give Docker and its like, in a run, a placeholder as the password of a registry";
  static override description = "A credential helper as Docker, Podman, Buildah and others know them; they start it by the name docker-credential-vault, which a script of two lines gives it. It keeps no login. Outside of a run it refuses. docs/tool-credentials.md leads through it.";
  static override usage = "docker-credential [-s NAME] [--username USER] get|list|store|erase";
  static override examples = [{ description: "The script by which Docker finds it", command: "printf '#!/bin/sh\\nexec <%= config.bin %> docker-credential -s REGISTRY_TOKEN --username me \"$@\"\\n' > docker-credential-vault" }];
  static override args = operationArg;
  static override flags = { ...secretFlag, ...userFlag };

  /** @returns 1 for what the protocol tells by that. */
  async run(): Promise<number> {
    const { args, flags } = await this.parse(DockerCredential);
    const { answerDocker } = await import("../app/handing/docker-credential.ts");
    const input = args.operation === "list" ? "" : await readQuestion();
    const { isFailure, text } = await answerDocker(makeSurroundings(undefined), { operation: args.operation, input, secret: flags.secret, user: flags.username });
    if (text !== "") answer(text);
    return isFailure ? EXIT.unexpected : EXIT.done;
  }
}
