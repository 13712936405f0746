// AWS as moto plays it, over TLS: STS, IAM and S3, which check signatures from the moment on that their users are made.
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "./real-servers.ts";
import { makeSelfSigned } from "./self-signed.ts";

export const hasMoto = spawnSync("python3", ["-c", "import moto.server, boto3"]).status === 0;

export interface MotoServer {
  readonly url: string;
  readonly port: number;
  /** PEM. */
  readonly roots: string;
  /** Of a user who may do anything. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** That this user may assume, and that may do anything. */
  readonly roleArn: string;
  close(): void;
}

const SETUP = `
import boto3, json, sys
url, ca = sys.argv[1:]
iam = boto3.client("iam", endpoint_url=url, verify=ca, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
anything = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
iam.create_user(UserName="builder")
key = iam.create_access_key(UserName="builder")["AccessKey"]
iam.put_user_policy(UserName="builder", PolicyName="p", PolicyDocument=anything)
role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=anything)["Role"]
iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=anything)
print(json.dumps({"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"], "roleArn": role["Arn"]}))
`;
/** So many requests the script makes. */
const SETUP_REQUESTS = 5;

export async function openMotoServer(host = "localhost"): Promise<MotoServer> {
  const folder = mkdtempSync(join(tmpdir(), "vault-moto-"));
  const { certificate, key } = makeSelfSigned(host);
  const [cert, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  writeFileSync(cert, certificate);
  writeFileSync(keyFile, key);
  const port = await findFreePort();
  const child = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port), "-c", cert, "-k", keyFile], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, INITIAL_NO_AUTH_ACTION_COUNT: String(SETUP_REQUESTS) } });
  await started(child);
  const url = `https://${host}:${port}`;
  const made = JSON.parse(execFileSync("python3", ["-c", SETUP, url, cert], { encoding: "utf8" })) as Pick<MotoServer, "accessKeyId" | "secretAccessKey" | "roleArn">;
  return {
    ...made, url, port, roots: certificate,
    close() {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.once("exit", () => { reject(new Error(`moto has ended: ${said}`)); });
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Running on")) resolve();
    });
  });
}
