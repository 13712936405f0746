// One line of the audit log: what happened, chained to the line before by its hash, and authenticated.
import { hash } from "node:crypto";
import { encodeBase64, findBase64, utf8 } from "../bytes.ts";
import { hmacSha256 } from "../vault/derive.ts";
import { macOfText } from "./line-mac.ts";

export type Detail = string | number | boolean | null | readonly Detail[] | { readonly [name: string]: Detail };

/** What happened. Names, hosts, counts and ids only: never a value, a placeholder, a token, a path, a query or a body. */
export interface AuditEvent {
  readonly kind: string;
  readonly [detail: string]: Detail;
}

export interface AuditEntry {
  /** 1 for the first line of a chain, one more with each. */
  readonly seq: number;
  readonly at: string;
  readonly event: AuditEvent;
  /** Base64 of the SHA-256 of the line before, without its line end; of what the chain is tied to for the first. */
  readonly prev: string;
  /** Base64 of HMAC-SHA256, with this part's key, over the SHA-256 of the line without this member. */
  readonly mac: string;
}

/** Where a chain stands: its newest sequence number, and the base64 hash of that line. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainHead = { sequence: 0, hash: encodeBase64(new Uint8Array(32)) };

/** The next line of a chain, with its line end. JSON escapes line breaks and control characters, so no detail can forge a line. */
export function encodeEntry(head: ChainHead, event: AuditEvent, at: Date, key: Uint8Array): { readonly line: string; readonly head: ChainHead } {
  return encodeEntryBy((text) => macOfText(text, key), head, event, at.toISOString());
}

/** @param mac of a line as it stands without its MAC (`LineMac`). @param at as `Date.toISOString` writes it. */
export function encodeEntryBy(mac: (text: string) => string, head: ChainHead, event: AuditEvent, at: string): { readonly line: string; readonly head: ChainHead } {
  const sequence = head.sequence + 1;
  // What JSON.stringify would write: numbers, times and base64 need no escapes.
  const unsigned = `{"seq":${sequence},"at":"${at}","event":${JSON.stringify(event)},"prev":"${head.hash}"`;
  const line = `${unsigned},"mac":"${mac(`${unsigned}}`)}"}`;
  return { line: `${line}\n`, head: { sequence, hash: hashLine(line) } };
}

/** Undefined for anything that is not a line of this log: verification names it by its number. */
export function findEntry(line: string): AuditEntry | undefined {
  try {
    const value = JSON.parse(line) as Partial<Record<keyof AuditEntry, unknown>> | null;
    const { seq, at, event, prev, mac } = value ?? {};
    if (typeof seq !== "number" || !Number.isSafeInteger(seq) || typeof at !== "string" || typeof prev !== "string") return undefined;
    if (typeof mac !== "string" || findBase64(mac)?.length !== 32) return undefined;
    if (typeof event !== "object" || event === null || typeof (event as { kind?: unknown }).kind !== "string") return undefined;
    const entry = { seq, at, event: event as AuditEvent, prev, mac };
    // The mac is over what the line says; a line that says it in other words was touched all the same.
    return JSON.stringify(entry) === line ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** The key of one part of the log: the main log, or one run's segment, so that a run's process cannot forge entries of another part. */
export function partKey(auditKey: Uint8Array, part: { readonly kind: "log" } | { readonly kind: "run"; readonly id: string }): Uint8Array {
  return hmacSha256(auditKey, utf8(part.kind === "log" ? "vault/1 audit log" : `vault/1 audit run ${part.id}`));
}

/**
 * Whether an event closes the log of one vault key: what comes behind it is written with the next one's. It stays in the chain, so whoever has the next key vouches for it and for all before it.
 */
export function closesLog(event: AuditEvent): boolean {
  return event["closesLog"] === true;
}

export function hashLine(line: string): string {
  return hash("sha256", line, "base64");
}

export function macOf(entry: Omit<AuditEntry, "mac">, key: Uint8Array): string {
  return macOfText(unsignedLine(entry), key);
}

function unsignedLine({ seq, at, event, prev }: Omit<AuditEntry, "mac">): string {
  return JSON.stringify({ seq, at, event, prev });
}
