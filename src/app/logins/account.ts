// Who has logged in, where the provider says it: for the person, who may have several accounts there.
import type { Account } from "../../providers/entry.ts";
import type { Secret } from "../../secret.ts";
import type { Ask } from "./ask.ts";
import { findObject, visibleAscii } from "./said.ts";

const ACCOUNT_MAX = 128;

/** Undefined where the provider does not say it: a login is none the worse for that. */
export async function findAccount(account: Account | undefined, token: Secret, ask: Ask): Promise<string | undefined> {
  if (account === undefined) return undefined;
  try {
    const response = await ask(account.url, { headers: { accept: "application/json", "user-agent": "vault", authorization: `Bearer ${Buffer.from(token.reveal()).toString()}` } });
    return response.status === 200 ? readAccount(account.member, await response.text()) : undefined;
  } catch {
    return undefined;
  }
}

/** Pure. @param member with dots where it is within others. */
export function readAccount(member: string, text: string): string | undefined {
  const found = member.split(".").reduce<unknown>((value, name) => (typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Object.entries(value).find(([one]) => one === name)?.[1] : undefined), findObject(text));
  return typeof found === "string" || typeof found === "number" ? visibleAscii(String(found), ACCOUNT_MAX) : undefined;
}
