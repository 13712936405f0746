// Requests to AWS that a program has signed with the placeholder, signed anew: the signature of Version 4 covers the request and not the key, so whoever has the key can make it. The key itself is never sent.
import { ALGORITHM, authorizationOf, hashOf } from "../../aws-signature.ts";
import { readAwsCredentials } from "../grants/aws-credentials.ts";
import type { Grant } from "../grants/grant.ts";
import { isNamed, namesOf, valuesIn } from "../http1/raw-head.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { askForReadable } from "../scrub/negotiation.ts";

export interface SigningPlan {
  readonly grant: Grant;
  /** Without what the program has signed it with. */
  readonly head: RequestHead;
  readonly region: string;
  readonly service: string;
  readonly time: string;
  /** Names in small letters. */
  readonly signed: readonly string[];
  /** What stands for the body in the signature; undefined: its hash. */
  readonly payload: string | undefined;
}

/** The program's part, as `Authorization` has it. */
const AUTHORIZATION = /^AWS4-HMAC-SHA256 +Credential=(?<id>[^/,\s]+)\/(?<day>\d{8})\/(?<region>[a-z0-9-]{1,32})\/(?<service>[a-z0-9-]{1,64})\/aws4_request, *SignedHeaders=(?<signed>[^,\s]+), *Signature=[0-9a-f]{64}$/;
const TOKEN_HEADER = "x-amz-security-token";
/** Bodies that need no hash, or bring it along. One whose chunks are signed one by one (`STREAMING-AWS4-…`) is not among them. */
const PAYLOAD = /^(?:[0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER)$/;
/** What the proxy or a server on the way writes anew. */
const UNSIGNED = ["accept", "accept-encoding", "connection", "content-length", "expect", "te", "transfer-encoding", "user-agent", "x-amzn-trace-id"];

/** How the request is to be signed, if its key is the placeholder of a secret that signs; undefined for every other request, and for one that cannot be signed anew. @param credential what `Authorization` says. */
export function planSigning(head: RequestHead, credential: string, findSigner: (keyId: string) => Grant | undefined): SigningPlan | undefined {
  const { id = "", day = "", region = "", service = "", signed = "" } = AUTHORIZATION.exec(credential)?.groups ?? {};
  const grant = id === "" ? undefined : findSigner(id);
  if (grant === undefined) return undefined;
  const [time = "", ...times] = valuesIn(head.headers, "x-amz-date");
  const [payload, ...payloads] = valuesIn(head.headers, "x-amz-content-sha256");
  const names = signed.split(";");
  // Without the host in it, the signature would be good at any other.
  const isRight = /^\d{8}T\d{6}Z$/.test(time) && time.startsWith(day) && times.length === 0 && payloads.length === 0 && names.includes("host") && (payload === undefined || PAYLOAD.test(payload));
  if (!isRight) return undefined;
  return { grant, head: { ...head, headers: without(head.headers, ["authorization", TOKEN_HEADER]) }, region, service, time, signed: names, payload };
}

/** How clients ask STS whose key they have. */
const IDENTITY = /^(?:Action=GetCallerIdentity&Version=2011-06-15|Version=2011-06-15&Action=GetCallerIdentity)$/;

/** Whether the answer may be another key, which nobody would know and take out of it: of STS, one may ask who one is, and no more. @param body all of it; undefined where there is none. */
export function mayGrantKey({ service, head: { method, target } }: SigningPlan, body: Uint8Array | undefined): boolean {
  if (service !== "sts") return false;
  return body === undefined ? method !== "GET" || !target.startsWith("/?") || !IDENTITY.test(target.slice(2)) : method !== "POST" || target !== "/" || !IDENTITY.test(Buffer.from(body).toString("latin1"));
}

/**
 * The headers for the wire, Host first: with the signature and the token of the moment. Only for the wire.
 *
 * @param body all of it; undefined where the plan says what stands for it.
 * @returns undefined where there are no credentials.
 */
export function signAnew({ grant, head, region, service, time, signed, payload }: SigningPlan, body: Uint8Array | undefined): string[] | undefined {
  const credentials = readAwsCredentials(grant.value);
  if (credentials === undefined) return undefined;
  const headers = ["host", head.host, ...askForReadable(head.method, head.headers), TOKEN_HEADER, credentials.sessionToken];
  const covered = [...new Set(namesOf(headers))].filter((name) => !UNSIGNED.includes(name) && (name.startsWith("x-amz-") || signed.includes(name)));
  const parts = { method: head.method, target: head.target, headers: covered.map((name) => [name, valuesIn(headers, name).join(",")] as const), payload: payload ?? hashOf(body ?? ""), time, region, service };
  return [...headers, "authorization", authorizationOf(parts, credentials.accessKeyId, credentials.secretAccessKey)];
}

/** Whether a credential is one of this kind. */
export function isSigned(credential: string): boolean {
  return credential.startsWith(ALGORITHM);
}

function without(headers: readonly string[], names: readonly string[]): string[] {
  return headers.filter((_, index) => !names.some((name) => isNamed(headers[index - (index % 2)] ?? "", name)));
}
