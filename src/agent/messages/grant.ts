// A key on its way to the agent.
import { parseBoolean, parseInteger } from "../../vault/json-shape.ts";
import type { Kek } from "../../vault/key-bytes.ts";
import { parseKek } from "../../vault/key-bytes.ts";
import type { Limits } from "../time/lifetime.ts";
import { LIMIT_MS_MAX } from "../time/lifetime.ts";
import type { KeyIdentity } from "../wire/key-identity.ts";
import { encodeIdentity, IDENTITY_MEMBERS, parseIdentity } from "../wire/key-identity.ts";
import { copyKey, requireKeyCount } from "../wire/message.ts";

/** A key, its limits, and what the vault file says of the key that it expects: the agent takes no key that does not fit. */
export interface KeyGrant extends KeyIdentity, Limits {
  readonly kek: Kek;
  /** For the values of runs, and no longer than one of them is there: the agent ends with the last. */
  readonly isForRuns?: boolean;
}

export const GRANT_MEMBERS = [...IDENTITY_MEMBERS, "ttlMs", "idleMs", "isForRuns"] as const;

/** Everything but the KEK, which goes with the frame's keys. */
export function encodeGrant(grant: KeyGrant): Record<(typeof GRANT_MEMBERS)[number], unknown> {
  return { ...encodeIdentity(grant), ttlMs: grant.ttlMs, idleMs: grant.idleMs, isForRuns: grant.isForRuns === true };
}

/** @param keys a frame's: the grant holds a copy. @throws VaultError `bad-schema`, `out-of-bounds`, or `wrong-key` for bytes that are no key. */
export function parseGrant(members: Record<string, unknown>, keys: Uint8Array): KeyGrant {
  requireKeyCount(keys, 1);
  return {
    ...parseIdentity(members),
    ttlMs: parseInteger(members["ttlMs"], 1, LIMIT_MS_MAX, "the ttl"),
    idleMs: parseInteger(members["idleMs"], 1, LIMIT_MS_MAX, "the idle limit"),
    isForRuns: parseBoolean(members["isForRuns"], "isForRuns"),
    kek: parseKek(copyKey(keys, 0)),
  };
}
