// How often a secret may be used: a bucket that fills at so many a minute, up to a burst, and from which each use takes one. Pure.
import { parseArray, parseInteger } from "../../vault/json-shape.ts";
import { parseMembers } from "../wire/message.ts";
import { parseDigest } from "./held-request.ts";

/** What one use takes from. `key`, a SHA-256 in hex, names the bucket; the same name with other numbers is another bucket. */
export interface BucketUse {
  readonly key: string;
  readonly perMinute: number;
  readonly burst: number;
}

/** How full a bucket was, and when, by a clock that goes on from one agent to the next. */
export interface Level {
  readonly tokens: number;
  readonly atMs: number;
}

const USES_MAX = 256;
const RATE_MAX = 1_000_000_000;
const MINUTE_MS = 60_000;

export function nameOf({ key, perMinute, burst }: BucketUse): string {
  return JSON.stringify([key, perMinute, burst]);
}

/** How full it is now. A clock that has gone back fills nothing. */
export function fill({ tokens, atMs }: Level, { perMinute, burst }: Pick<BucketUse, "perMinute" | "burst">, nowMs: number): Level {
  const gained = (Math.max(0, nowMs - atMs) * perMinute) / MINUTE_MS;
  return { tokens: Math.min(burst, tokens + gained), atMs: Math.max(atMs, nowMs) };
}

/** How long until there is one to take, in whole milliseconds; 0 where there is. */
export function waitFor({ tokens }: Level, { perMinute }: Pick<BucketUse, "perMinute">): number {
  return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute);
}

/** @throws VaultError for anything but buckets that can be taken from. */
export function parseUses(value: unknown): BucketUse[] {
  return parseArray(value, USES_MAX, "the buckets").map((item) => {
    const use = parseMembers(item, ["key", "perMinute", "burst"]);
    return {
      key: parseDigest(use["key"]),
      perMinute: parseInteger(use["perMinute"], 1, RATE_MAX, "a rate"),
      burst: parseInteger(use["burst"], 1, RATE_MAX, "a burst"),
    };
  });
}
