// How long values that are made are good, and how soon a source that failed is asked again: what can be changed of a source without its sealed value being another. Pure.
import { VaultError } from "../../errors.ts";
import type { Source } from "../../vault/source.ts";

/** In seconds; what is absent stays. */
export interface LifeChange {
  readonly ttl?: number;
  readonly failureTtl?: number;
  /** Of a command alone. */
  readonly timeout?: number;
}

const FAILURE_TTL_MAX = 86_400;
export const TIMEOUT_MAX = 600;

/** @throws VaultError `usage` for a source that has no such life, and for one that is too long. */
export function changeLife(name: string, source: Source, { ttl, failureTtl, timeout }: LifeChange): Source {
  if (ttl === undefined && failureTtl === undefined && timeout === undefined) return source;
  if (source.kind === "stored") throw new VaultError("usage", `the value of "${name}" is stored, and so good until it is rotated`, `vault secrets show ${name}`);
  if ((failureTtl ?? 0) > FAILURE_TTL_MAX) throw new VaultError("usage", "--failure-ttl takes at most 1d", "such as --failure-ttl 1m");
  const life = { ttl: ttl ?? source.ttl, failureTtl: failureTtl ?? source.failureTtl };
  if (timeout === undefined) return { ...source, ...life };
  if (source.kind !== "command") throw new VaultError("usage", `the value of "${name}" comes from no command, and --timeout is for those`, `vault secrets show ${name}`);
  if (timeout > TIMEOUT_MAX) throw new VaultError("usage", "--timeout takes at most 10m", "such as --timeout 30s");
  return { ...source, ...life, timeout };
}
