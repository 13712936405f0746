// Credentials for clients that start a program for them and read what it prints: AWS's `credential_process`, and the exec plugins of Kubernetes.
import type { HandingSurroundings } from "./held-placeholder.ts";
import { getHeld, requireRun } from "./held-placeholder.ts";

/**
 * The placeholder of a secret of the kind `aws-sts` in each of the three parts, as a run itself sets them: clients sign with it, and the run signs anew. No end is told, since the placeholder has none.
 *
 * @returns one line of JSON, as AWS documents it for `credential_process`, version 1. @throws VaultError `usage` outside of a run; `not-found`.
 */
export async function answerAws(surroundings: HandingSurroundings, secret: string): Promise<string> {
  await requireRun(surroundings, "aws-credential-process");
  const { placeholder } = getHeld(surroundings, secret);
  return JSON.stringify({ Version: 1, AccessKeyId: placeholder, SecretAccessKey: placeholder, SessionToken: placeholder });
}

const EXEC_VERSIONS = /^client\.authentication\.k8s\.io\/v1(?:beta1)?$/;

/**
 * The placeholder as a bearer token.
 *
 * @returns one line of JSON: an ExecCredential of the version that the client has asked for in KUBERNETES_EXEC_INFO. @throws VaultError `usage` outside of a run; `not-found`.
 */
export async function answerKubernetes(surroundings: HandingSurroundings, secret: string): Promise<string> {
  await requireRun(surroundings, "kube-exec");
  const { placeholder } = getHeld(surroundings, secret);
  return JSON.stringify({ apiVersion: versionAsked(surroundings.variables["KUBERNETES_EXEC_INFO"] ?? ""), kind: "ExecCredential", status: { token: placeholder } });
}

function versionAsked(info: string): string {
  try {
    const { apiVersion } = JSON.parse(info) as { readonly apiVersion?: unknown };
    if (typeof apiVersion === "string" && EXEC_VERSIONS.test(apiVersion)) return apiVersion;
  } catch {
    // Not every client says.
  }
  return "client.authentication.k8s.io/v1";
}
