// Requests that are signed, as AWS has them (Signature Version 4): the key does not stand in them, but signs them, on the program's side. A program that holds a placeholder in the key's place
// signs with that, and no host takes it. Putting in the key's id alone would make it a wrong signature, which AWS's clients try again and again: clocks may be wrong.
import type { Grant } from "../grants/grant.ts";
import type { AnswerFormat, Refusal } from "../grants/refusal.ts";
import { refuseHost, refuseMisdated, refusePlainHttp, refuseScope, refuseSigned, refuseUnsignable } from "../grants/refusal.ts";
import { isNamed, valuesIn } from "../http1/raw-head.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { SigningPlan } from "../places/aws-signing.ts";
import { isSigned, planSigning } from "../places/aws-signing.ts";
import type { Recogniser } from "../places/placeholder.ts";
import { isBoundTo } from "./policy.ts";
import type { Route } from "./route.ts";
import type { AwsClock } from "./signing-limits.ts";
import { isScopeOf } from "./signing-limits.ts";

/** `AWS4-HMAC-SHA256 Credential=…`, `AWS4-ECDSA-P256-SHA256 …`, and `AWS ID:SIGNATURE` of older clients. */
const SIGNED = /^AWS(?:4-[A-Z0-9-]+)? +/;
const SIGNED_QUERY = /[?&](?:X-Amz-Signature|AWSAccessKeyId)=/;
/** By convention; no other service has keys of that name. */
const SIGNING_KEY = /(?:^|_)AWS_SECRET(?:_ACCESS)?_KEY$/;

/** How a request is to be signed anew, which a secret of the run signs; a refusal where that goes to no such host, or would be good elsewhere or later. Undefined for any other. */
export function findSigning(head: RequestHead, { scheme, authority }: Pick<Route, "scheme" | "authority">, { recognise, awsClock }: { readonly recognise: Recogniser; readonly awsClock: AwsClock }): { readonly kind: "sign"; readonly plan: SigningPlan } | { readonly kind: "refuse"; readonly refusal: Refusal } | undefined {
  const [credential, ...others] = valuesIn(head.headers, "authorization");
  if (credential === undefined || others.length > 0 || !isSigned(credential)) return undefined;
  const plan = planSigning(head, credential, (id) => recognise(id).find(({ grant, start, end }) => grant.signs !== undefined && start === 0 && end === id.length)?.grant);
  if (plan === undefined) return undefined;
  if (scheme === "http") return { kind: "refuse", refusal: refusePlainHttp(plan.grant, authority) };
  const format = formatOf(head.headers, credential);
  if (!isBoundTo(plan.grant, authority)) return { kind: "refuse", refusal: { ...refuseHost(plan.grant, authority), format } };
  if (!isScopeOf(authority.host, plan)) return { kind: "refuse", refusal: refuseScope(plan.grant, authority, format) };
  if (!awsClock.isNow(plan.time)) return { kind: "refuse", refusal: refuseMisdated(plan.grant, authority, format) };
  return { kind: "sign", plan };
}

/** Refuses a signed request whose signature is made with a placeholder: the id of its key is one, or the host is one that the signing key is bound to, which nobody but this run has. */
export function findSignedRefusal({ headers, target }: Pick<RequestHead, "headers" | "target">, { authority, naming }: Pick<Route, "authority" | "naming">, recognise: Recogniser): Refusal | undefined {
  const at = headers.findIndex((name, index) => index % 2 === 0 && isNamed(name, "authorization"));
  const value = at < 0 ? "" : (headers[at + 1] ?? "");
  const signed = SIGNED.test(value) ? value : SIGNED_QUERY.test(target) ? target : undefined;
  if (signed === undefined) return undefined;
  const grants: readonly Grant[] = [...recognise(signed).map(({ grant }) => grant), ...naming.filter(({ name }) => SIGNING_KEY.test(name))];
  const names = [...new Set(grants.map(({ name }) => name))];
  if (names.length === 0) return undefined;
  return (grants.some(({ signs }) => signs !== undefined) ? refuseUnsignable : refuseSigned)(names, authority, formatOf(headers, signed));
}

/** What the service that is asked answers in: forms and S3 get XML, all others JSON. */
function formatOf(headers: readonly string[], signed: string): AnswerFormat {
  const isForm = valuesIn(headers, "content-type").some((type) => type.startsWith("application/x-www-form-urlencoded"));
  return isForm || /\/s3(?:express|-[a-z-]+)?\/aws4_request|%2Fs3%2F|^AWS |AWSAccessKeyId=/.test(signed) ? "aws-xml" : "aws-json";
}
