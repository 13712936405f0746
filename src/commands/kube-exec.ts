import { namedSecretFlag } from "../cli/input/handing-flags.ts";
import { answer } from "../cli/output/terminal.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class KubeExec extends VaultCommand {
  static override summary = "Give kubectl and its like, in a run, a placeholder as their bearer token";
  static override description = "An exec credential plugin as clients of Kubernetes know them: kubectl starts it, as the user of a kubeconfig says. Outside of a run it refuses. docs/tool-credentials.md leads through it.";
  static override usage = "kube-exec -s NAME";
  static override examples = [{ description: "A user of a kubeconfig whose token is the secret CLUSTER_TOKEN", command: "kubectl --kubeconfig kubeconfig config set-credentials me --exec-api-version=client.authentication.k8s.io/v1 --exec-interactive-mode=Never --exec-command=<%= config.bin %> --exec-arg=kube-exec --exec-arg=-s --exec-arg=CLUSTER_TOKEN" }];
  static override flags = namedSecretFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(KubeExec);
    const { answerKubernetes } = await import("../app/handing/process-credentials.ts");
    answer(await answerKubernetes(makeSurroundings(undefined), flags.secret));
  }
}
