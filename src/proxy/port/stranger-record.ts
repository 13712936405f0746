// What the audit log hears of requests without the run's token: the first is told of at once, and how many more there were in a line a minute. Whoever knocks 1,500 times a second fills no disk.
import type { ProxyEvent } from "../grants/event.ts";
import type { Refusal } from "../grants/refusal.ts";

export interface StrangerRecord {
  /** @param request the id that the stranger was told. */
  readonly refused: (refusal: Refusal, request: string, method: string | null) => void;
  /** Tells of those that were not told of yet. */
  readonly close: () => void;
}

const LINE_EVERY_MS = 60_000;

/** What strangers ask for is left out: they would choose what stands in the log. */
export function openStrangerRecord(enter: (event: ProxyEvent) => void): StrangerRecord {
  let untold = 0;
  let last: { readonly refusal: Refusal; readonly request: string } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const tell = ({ code, text, remedy }: Refusal, request: string, method: string | null, count: number): void => {
    enter({ kind: "refused", request, authority: null, method, secrets: [], code, text, remedy, ...(count === 1 ? {} : { count }) });
  };
  const tellUntold = (): void => {
    timer = undefined;
    if (untold === 0 || last === undefined) return;
    tell(last.refusal, last.request, null, untold);
    untold = 0;
    timer = setTimeout(tellUntold, LINE_EVERY_MS).unref();
  };
  return {
    refused(refusal, request, method) {
      if (timer === undefined) {
        tell(refusal, request, method, 1);
        timer = setTimeout(tellUntold, LINE_EVERY_MS).unref();
        return;
      }
      untold += 1;
      last = { refusal, request };
    },
    close() {
      clearTimeout(timer);
      tellUntold();
      clearTimeout(timer);
    },
  };
}
