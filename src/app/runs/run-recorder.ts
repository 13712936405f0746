// What the proxy tells of a run: into the run's audit trail first, and then to whoever else wants to know.
import type { AuditEvent } from "../../audit/entry.ts";
import type { ProxyEvent } from "../../proxy/grants/event.ts";
import type { RunTrail } from "./run-trail.ts";

export interface RunRecorder {
  /** Takes an event down. It is written with the next `flush`, or by itself at the end of this turn of the event loop. */
  readonly enter: (event: ProxyEvent) => void;
  /** @throws VaultError `audit-unwritable`. */
  readonly flush: () => void;
}

/**
 * @param hear hears of every event at once, whether or not it is on record.
 * @param tell likewise, but of one that is no refusal only once it is on record.
 */
export function openRunRecorder(trail: Pick<RunTrail, "enter" | "flush">, hear: (event: ProxyEvent) => void, tell: ((event: ProxyEvent) => void) | undefined): RunRecorder {
  let untold: ProxyEvent[] = [];
  let isDue = false;
  const flush = (): void => {
    const events = untold;
    untold = [];
    trail.flush();
    for (const event of events) tell?.(event);
  };
  const flushLate = (): void => {
    isDue = false;
    try {
      flush();
    } catch {
      // Whoever lets a secret out asks for a flush of its own, and hears of it then.
    }
  };
  return {
    enter(event) {
      trail.enter(entryOf(event));
      hear(event);
      if (event.kind === "refused") tell?.(event);
      else if (tell !== undefined) untold.push(event);
      if (!isDue) setImmediate(flushLate);
      isDue = true;
    },
    flush,
  };
}

/** What a refusal said follows from its code, host and secrets, and would swell the log. What allows the request stands nowhere else once the run has ended. */
function entryOf(event: ProxyEvent): AuditEvent {
  if (event.kind !== "refused") return event;
  const { kind, request, authority, method, secrets, code, remedy, count } = event;
  return { kind, request, authority, method, secrets, code, ...(remedy === undefined ? {} : { remedy }), ...(count === undefined ? {} : { count }) };
}
