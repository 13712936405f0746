// Which request headers carry credentials, and so are where a placeholder may act.
import type { Grant } from "./grant.ts";

/** Those whose names do not end as most do. */
const NAMED = new Set(["cookie", "x-honeycomb-team"]);
/** `Authorization`, `X-Api-Key`, `Private-Token`, `xi-api-key`, `X-Auth-Token`, `api_key`, `X-Client-Secret`, `X-Apikey` … */
const CREDENTIAL_NAME = /(?:^|[-_])(?:api-?key|key|token|secret|password|authorization|auth|credentials?)$/;
/** These end like credentials and are none: what browsers set, what makes a retry safe, what a proxy itself reads. */
const NOT_CREDENTIALS = /^(?:sec|proxy|if)-|^(?:x-)?(?:idempotency-key|csrf-token|xsrf-token|surrogate-key|cache-key)$/;

/** @param name in any case. */
export function isCredentialHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return NAMED.has(lower) || (CREDENTIAL_NAME.test(lower) && !NOT_CREDENTIALS.test(lower));
}

/** Whether the header carries this secret: as any credential, or because the secret's own service says so. @param name in any case. */
export function carries(name: string, grant: Grant): boolean {
  return isCredentialHeader(name) || grant.headers?.includes(name.toLowerCase()) === true;
}
