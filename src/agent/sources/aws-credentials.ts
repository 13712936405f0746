// What AWS is asked for temporary credentials, and what its answers come to. No I/O.
import { authorizationOf, encode, hashOf, timeOf } from "../../aws-signature.ts";
import { Secret } from "../../secret.ts";
import type { LivingSource } from "../../vault/source.ts";
import { byOurClock, tellClockGap } from "./clock-gap.ts";
import type { Question } from "./https-fetch.ts";
import { findObject, objectOf, textOf, visible } from "./json-answer.ts";
import type { SealedKeyPair, SealedSignOn } from "./sealed-key.ts";
import type { MadeValue } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";

export type StsSource = Extract<LivingSource, { readonly kind: "aws-sts" }>;
type SingleSignOn = Extract<StsSource["obtain"], { readonly kind: "sso" }>;

interface Asked {
  readonly url: string;
  readonly question: Question;
}

/** AssumeRole or GetSessionToken, signed. */
export function askSts({ region, endpoint, duration, obtain }: StsSource, { accessKeyId, secretAccessKey, sessionToken }: SealedKeyPair, nowMs: number): Asked {
  const url = new URL(endpoint ?? `https://sts.${region}.${domainOf(region)}/`);
  const form = new URLSearchParams({ Version: "2011-06-15", DurationSeconds: String(duration) });
  if (obtain.kind === "assume-role") {
    form.set("Action", "AssumeRole");
    form.set("RoleArn", obtain.roleArn);
    form.set("RoleSessionName", obtain.sessionName);
    if (obtain.externalId !== null) form.set("ExternalId", obtain.externalId);
    if (obtain.policy !== null) form.set("Policy", obtain.policy);
  } else form.set("Action", "GetSessionToken");
  const body = form.toString();
  const time = timeOf(nowMs);
  const headers: [string, string][] = [["content-type", "application/x-www-form-urlencoded; charset=utf-8"], ["host", url.host], ["x-amz-date", time], ...(sessionToken === null ? [] : [["x-amz-security-token", sessionToken] as [string, string]])];
  const authorization = authorizationOf({ method: "POST", target: `${url.pathname}${url.search}`, headers, payload: hashOf(body), time, region, service: "sts" }, accessKeyId, secretAccessKey);
  return { url: url.href, question: { method: "POST", headers: { ...Object.fromEntries(headers), authorization }, body } };
}

/** The credentials of a role, by a session of single sign-on. */
export function askSignOn({ endpoint }: StsSource, { region, accountId, roleName }: SingleSignOn, { accessToken }: SealedSignOn): Asked {
  const portal = endpoint ?? `https://portal.sso.${region}.${domainOf(region)}`;
  return { url: `${portal.replace(/\/$/, "")}/federation/credentials?account_id=${accountId}&role_name=${encode(roleName)}`, question: { headers: { "accept": "application/json", "x-amz-sso_bearer_token": accessToken } } };
}

/** @param gapMs by `clockGapOf`. @throws SourceFailure `denied`, `bad-answer`. */
export function readSts(status: number, text: string, gapMs: number): MadeValue {
  const element = (name: string): string | undefined => new RegExp(`<${name}>([^<&]{1,16384})</${name}>`).exec(text)?.[1];
  if (status !== 200) {
    const code = element("Code");
    throw new SourceFailure({ reason: code !== undefined && status < 500 ? "denied" : "bad-answer", status, said: code === undefined ? "" : `${visible(code, 64)}: ${visible(element("Message"))}${tellClockGap(gapMs)}` });
  }
  return credentialsOf({ accessKeyId: element("AccessKeyId"), secretAccessKey: element("SecretAccessKey"), sessionToken: element("SessionToken"), expiresMs: Date.parse(element("Expiration") ?? "") }, gapMs);
}

/** @param gapMs by `clockGapOf`. @throws SourceFailure `over`, `denied`, `bad-answer`. */
export function readSignOn(status: number, text: string, gapMs: number): MadeValue {
  const answer = findObject(text);
  if (status !== 200) {
    const reason = answer === undefined || status >= 500 ? "bad-answer" : status === 401 ? "over" : "denied";
    throw new SourceFailure({ reason, status, said: `${visible(answer?.["message"])}${reason === "bad-answer" ? "" : tellClockGap(gapMs)}` });
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = objectOf(answer?.["roleCredentials"]) ?? {};
  return credentialsOf({ accessKeyId: textOf(accessKeyId), secretAccessKey: textOf(secretAccessKey), sessionToken: textOf(sessionToken), expiresMs: typeof expiration === "number" ? expiration : NaN }, gapMs);
}

/** The value is the JSON of the three: FORMAT.md, "Sealed values of sources". */
function credentialsOf({ accessKeyId, secretAccessKey, sessionToken, expiresMs }: { readonly [K in "accessKeyId" | "secretAccessKey" | "sessionToken"]: string | undefined } & { readonly expiresMs: number }, gapMs: number): MadeValue {
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined || !Number.isFinite(expiresMs)) throw new SourceFailure({ reason: "bad-answer", said: "" });
  return { value: Secret.fromText(JSON.stringify({ accessKeyId, secretAccessKey, sessionToken })), expiresMs: byOurClock(expiresMs, gapMs) };
}

function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}
