// What the audit log hears of those whom a broker refuses: the first is told of at once, and how many more there were in a line a minute. Anybody may ask, and as often as he likes; he fills no log.
import type { AuditEvent } from "../../audit/entry.ts";
import type { DidKey } from "../../identity/did-key.ts";

/** `proof`: what was shown is no proof, or was shown before. `not-accepted`: somebody was, who may not have what he asked for. */
export type RefusedFor = "proof" | "not-accepted";

export interface RefusalRecord {
  /** @param did of whoever was proven. */
  refused(why: RefusedFor, did: DidKey | undefined): void;
  /** Tells of those that were not told of yet. */
  close(): Promise<void>;
}

const IDENTITY_REFUSED = "identity.refused";
const LINE_EVERY_MS = 60_000;

/** @param enter writes it to the log; it has to bear that it fails. */
export function openRefusalRecord(enter: (event: AuditEvent) => Promise<void>): RefusalRecord {
  let untold = 0;
  let last: { readonly why: RefusedFor; readonly did: DidKey | undefined } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let telling = Promise.resolve();
  const tell = (why: RefusedFor, did: DidKey | undefined, count: number): void => {
    // What he asked for is left out: he would choose what stands in the log.
    telling = telling.then(() => enter({ kind: IDENTITY_REFUSED, did: did ?? null, why, ...(count === 1 ? {} : { count }) }));
    timer = setTimeout(tellUntold, LINE_EVERY_MS).unref();
  };
  const tellUntold = (): void => {
    timer = undefined;
    if (untold === 0 || last === undefined) return;
    const count = untold;
    untold = 0;
    tell(last.why, last.did, count);
  };
  return {
    refused(why, did) {
      if (timer === undefined) {
        tell(why, did, 1);
        return;
      }
      untold += 1;
      last = { why, did };
    },
    async close() {
      clearTimeout(timer);
      tellUntold();
      clearTimeout(timer);
      await telling;
    },
  };
}
