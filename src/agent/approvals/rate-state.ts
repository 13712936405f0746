// What is kept of the buckets, so that an agent that was started anew does not begin with full ones: a file with a MAC by the vault's key, which is written before a use is allowed.
//
// Never more than the rule says, whatever is removed: where no file is that an agent of this vault has written since the machine was started, all buckets count as empty at that moment.
import { createHash } from "node:crypto";
import { equalBytes, encodeBase64, findBase64, findText, utf8 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { parseArray, parseObject, parseText } from "../../vault/json-shape.ts";
import { parseMembers } from "../wire/message.ts";
import type { Level } from "./rate-bucket.ts";

/** A vault has at most some thousand secrets, and a rule seldom has another rate. What is one too many counts as empty. */
export const BUCKETS_MAX = 20_000;
export const STATE_BYTES_MAX = 8 * 1024 * 1024;
const MAC_BYTES = 32;

export interface RateState {
  /** Which start of the machine the times are of: the clock begins anew with each. */
  readonly boot: string;
  /** When all buckets were empty that are not named. */
  readonly emptyAtMs: number;
  readonly levels: ReadonlyMap<string, Level>;
}

/** The MAC over a hash of 32 bytes, by the vault's key. */
export type Authenticate = (hash: Uint8Array) => Promise<Uint8Array>;

export async function encodeState({ boot, emptyAtMs, levels }: RateState, authenticate: Authenticate): Promise<Uint8Array> {
  const text = JSON.stringify({ boot, emptyAtMs, levels: [...levels].map(([name, { tokens, atMs }]) => [name, tokens, atMs]) });
  return utf8(`${encodeBase64(await authenticate(hashOf(text)))}\n${text}\n`);
}

/** The buckets as they are to be taken for, after whatever has become of the file. @param bytes of it; undefined where there is none. */
export async function recallState(bytes: Uint8Array | undefined, now: { readonly boot: string; readonly ms: number }, authenticate: Authenticate): Promise<RateState> {
  const kept = bytes === undefined ? undefined : await findState(bytes, authenticate);
  const isOfThisStart = kept?.boot === now.boot && kept.emptyAtMs <= now.ms && [...kept.levels.values()].every(({ atMs }) => atMs <= now.ms);
  return isOfThisStart ? kept : { boot: now.boot, emptyAtMs: now.ms, levels: new Map() };
}

async function findState(bytes: Uint8Array, authenticate: Authenticate): Promise<RateState | undefined> {
  const [mac = "", text = "", rest] = (findText(bytes) ?? "").split("\n");
  const given = findBase64(mac);
  if (rest !== "" || given?.length !== MAC_BYTES || !equalBytes(given, await authenticate(hashOf(text)))) return undefined;
  try {
    return parseState(JSON.parse(text));
  } catch {
    // Written by a later program.
    return undefined;
  }
}

function parseState(value: unknown): RateState {
  const { boot, emptyAtMs, levels } = parseMembers(parseObject(value, "the buckets"), ["boot", "emptyAtMs", "levels"]);
  const entries = parseArray(levels, BUCKETS_MAX, "the buckets").map((item) => {
    const [name, tokens, atMs] = parseArray(item, 3, "a bucket");
    return [parseText(name, "a bucket's name"), { tokens: parseNumber(tokens), atMs: parseNumber(atMs) }] as const;
  });
  return { boot: parseText(boot, "the start of the machine"), emptyAtMs: parseNumber(emptyAtMs), levels: new Map(entries) };
}

function parseNumber(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) throw new VaultError("bad-schema", "a bucket: expected a number");
  return value;
}

/** Not to be taken for the MAC of a vault file: that is over the hash of JSON, which begins otherwise. */
function hashOf(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update("vault/1 rates\n").update(text).digest());
}
