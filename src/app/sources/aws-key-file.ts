// Keys of AWS as its own tools hand them out: `aws iam create-access-key`, `aws configure export-credentials`, a profile of ~/.aws/credentials, and what `aws sso login` keeps.
import { VaultError } from "../../errors.ts";

export interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

/** @throws VaultError `usage`, which quotes nothing of the text. */
export function readAwsKey(text: string): AwsKey {
  const found = text.trimStart().startsWith("{") ? fromJson(text) : fromLines(text);
  if (found === undefined) {
    throw new VaultError("usage", "what was given is no key of AWS", "aws_access_key_id = … and aws_secret_access_key = … of one profile, or what aws iam create-access-key or aws configure export-credentials prints");
  }
  return found;
}

/** @throws VaultError `usage`, which quotes nothing of the text. */
export function readSignOnSession(text: string): { readonly accessToken: string } {
  const accessToken = membersOf(parse(text))["accessToken"];
  if (typeof accessToken !== "string") throw new VaultError("usage", "what was given is no session of single sign-on", "after aws sso login: the file in ~/.aws/sso/cache that has an accessToken and a startUrl");
  return { accessToken };
}

function fromJson(text: string): AwsKey | undefined {
  const whole = membersOf(parse(text));
  const { AccessKeyId: id, SecretAccessKey: secret, SessionToken: token } = "AccessKey" in whole ? membersOf(whole["AccessKey"]) : "Credentials" in whole ? membersOf(whole["Credentials"]) : whole;
  return typeof id === "string" && typeof secret === "string" ? { accessKeyId: id, secretAccessKey: secret, sessionToken: typeof token === "string" ? token : null } : undefined;
}

/** Lines of a profile, or of a file of variables. Of several profiles none is taken: which one was meant is not said. */
function fromLines(text: string): AwsKey | undefined {
  const values = (name: string): string[] => [...text.matchAll(new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=\\s*["']?([^\\s"']+)["']?\\s*$`, "gim"))].flatMap(([, value]) => value ?? []);
  const [ids, secrets, tokens] = [values("aws_access_key_id"), values("aws_secret_access_key"), values("aws_session_token")];
  const [accessKeyId] = ids;
  const [secretAccessKey] = secrets;
  return accessKeyId === undefined || secretAccessKey === undefined || ids.length > 1 || secrets.length > 1 || tokens.length > 1 ? undefined : { accessKeyId, secretAccessKey, sessionToken: tokens[0] ?? null };
}

/** What JSON.parse says may quote the key. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
