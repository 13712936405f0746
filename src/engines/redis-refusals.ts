// What Redis says when it refuses, by the words that its errors begin with (and end with, where a script met them).
import type { RefusedReply } from "./resp.ts";
import type { Cause } from "./unavailable.ts";

const PASSWORD_HINT = "set VAULT_STORE_PASSWORD";

const REFUSALS: Readonly<Record<string, Cause>> = {
  NOAUTH: { cause: "it wants a password", hint: PASSWORD_HINT },
  WRONGPASS: { cause: "it refuses the user or the password", hint: `look at the user in the store's address, and ${PASSWORD_HINT}` },
  NOPERM: { cause: "the user may not do this", hint: "the user needs the commands EVAL, HGET, HSET, HDEL, ZADD, ZREM, ZRANGEBYLEX, PUBLISH and SUBSCRIBE, and the keys and channels that begin with {vault:" },
  READONLY: { cause: "it is a replica, which cannot be written to", hint: "write the primary's host into the store's address" },
  OOM: { cause: "its memory is full", hint: "raise its maxmemory, or remove what it need not keep" },
  MISCONF: { cause: "it cannot write to its disk, and takes no changes", hint: "look at the server's log and at the room on its disk" },
  LOADING: { cause: "it is starting, and reads its data", hint: "try again in a moment" },
  BUSY: { cause: "it is busy with another script", hint: "try again in a moment" },
  MASTERDOWN: { cause: "its primary cannot be reached" },
  NOREPLICAS: { cause: "too few replicas are connected to it" },
  CLUSTERDOWN: { cause: "its cluster is down" },
  MOVED: { cause: "another server of its cluster keeps this vault", hint: "write that server's host into the store's address" },
  ASK: { cause: "its cluster moves this vault to another server", hint: "try again when it is done" },
  TRYAGAIN: { cause: "its cluster moves this vault to another server", hint: "try again when it is done" },
  WRONGTYPE: { cause: "it keeps something else under the vault's keys", hint: "write another name behind the database: rediss://host/0/name" },
};
const WORD = new RegExp(`(?:^|[-: ])(${Object.keys(REFUSALS).join("|")})\\b`);

export const strangeAnswer: Cause = { cause: "what answers there is no Redis, or one that says what none says" };
export const notPrimary: Cause = REFUSALS["READONLY"] ?? strangeAnswer;

export function refusalOf({ text }: RefusedReply): Cause {
  const known = REFUSALS[WORD.exec(text)?.[1] ?? ""];
  if (known !== undefined) return known;
  // These have no word of their own.
  if (text.startsWith("ERR max number of clients")) return { cause: "too many clients are connected to it" };
  if (text.startsWith("ERR The user executing the script")) return REFUSALS["NOPERM"] ?? strangeAnswer;
  if (text.startsWith("ERR unknown command")) return { cause: "it is older than Redis 6, or does not let us ask" };
  if (/^ERR (DB index|invalid DB)/.test(text)) return { cause: "it has no database of this number" };
  return { cause: "it refused, for a reason that is not known here" };
}
