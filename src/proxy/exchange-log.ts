// What one exchange tells the audit log: names and codes, for the same request id that a refusal shows to the child.
import type { Authority } from "../vault/host.ts";
import { formatAuthority } from "../vault/host.ts";
import type { ProxyEvent } from "./event.ts";
import type { Grant } from "./grant.ts";
import type { Inert } from "./policy.ts";
import type { Refusal } from "./refusal.ts";

export interface ExchangeLog {
  substituted(grants: readonly Grant[]): void;
  inert(items: readonly Inert[]): void;
  refused(refusal: Refusal): void;
  /** @param secrets names. */
  scrubbed(secrets: Iterable<string>): void;
}

export function makeExchangeLog(enter: (event: ProxyEvent) => void, request: string, authority: Authority, method: string): ExchangeLog {
  const of = { request, authority: formatAuthority(authority), method };
  return {
    substituted(grants) {
      enter({ kind: "substituted", ...of, secrets: namesOf(grants) });
    },
    inert(items) {
      for (const spot of new Set(items.map((item) => item.spot))) {
        enter({ kind: "inert", ...of, secrets: namesOf(items.filter((item) => item.spot === spot).map(({ grant }) => grant)), spot });
      }
    },
    refused({ secrets, code, text }) {
      enter({ kind: "refused", ...of, secrets, code, text });
    },
    scrubbed(secrets) {
      enter({ kind: "scrubbed", ...of, secrets: [...secrets] });
    },
  };
}

export function namesOf(grants: readonly Grant[]): string[] {
  return [...new Set(grants.map(({ name }) => name))];
}
