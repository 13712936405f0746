// Temporary credentials of AWS, which are one value of three parts: FORMAT.md, "Sealed values of sources".
import { Secret } from "../../secret.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Undefined for any other value, and for none. Strings cannot be wiped: they are for the moment of signing. */
export function readAwsCredentials(value: Secret): AwsCredentials | undefined {
  if (value.length === 0) return undefined;
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = JSON.parse(Buffer.from(value.reveal()).toString()) as Readonly<Record<string, unknown>>;
    return typeof accessKeyId === "string" && typeof secretAccessKey === "string" && typeof sessionToken === "string" ? { accessKeyId, secretAccessKey, sessionToken } : undefined;
  } catch {
    return undefined;
  }
}

/** What answers may have of them. */
export function partsOf(value: Secret): Secret[] {
  const found = readAwsCredentials(value);
  return found === undefined ? [] : [found.secretAccessKey, found.sessionToken, found.accessKeyId].map((part) => Secret.fromText(part));
}
