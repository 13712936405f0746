// What one exchange tells the audit log: names and codes, for the same request id that a refusal shows to the child.
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import type { ProxyEvent } from "./event.ts";
import type { Grant } from "./grant.ts";
import type { Inert } from "./policy.ts";
import type { Refusal } from "./refusal.ts";

/** Each resolves when its entry is written, and rejects where it cannot be. */
export interface ExchangeLog {
  substituted(grants: readonly Grant[]): Promise<void>;
  inert(items: readonly Inert[]): Promise<void>;
  refused(refusal: Refusal): Promise<void>;
  /** @param secrets names. */
  scrubbed(secrets: Iterable<string>): Promise<void>;
}

export function makeExchangeLog(record: (event: ProxyEvent) => Promise<void>, request: string, authority: Authority, method: string): ExchangeLog {
  const of = { request, authority: formatAuthority(authority), method };
  return {
    substituted: (grants) => record({ kind: "substituted", ...of, secrets: namesOf(grants) }),
    async inert(items) {
      for (const spot of new Set(items.map((item) => item.spot))) {
        await record({ kind: "inert", ...of, secrets: namesOf(items.filter((item) => item.spot === spot).map(({ grant }) => grant)), spot });
      }
    },
    refused: ({ secrets, code, text }) => record({ kind: "refused", ...of, secrets, code, text }),
    scrubbed: (secrets) => record({ kind: "scrubbed", ...of, secrets: [...secrets] }),
  };
}

export function namesOf(grants: readonly Grant[]): string[] {
  return [...new Set(grants.map(({ name }) => name))];
}
