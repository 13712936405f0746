// Approvals that are good for more than one request. Those of a run stay until the agent ends: no other run is ever given its id.
import type { Instant } from "../time/lifetime.ts";
import { elapsedMs } from "../time/lifetime.ts";
import type { Time } from "../time/time.ts";
import type { Extent } from "./answer.ts";
import type { HeldRequest } from "./held-request.ts";

type LastingExtent = Exclude<Extent, { readonly kind: "once" }>;

/** As long as one person answers, there are few; a bound all the same. The oldest goes first, and is asked for again. */
const STANDING_MAX = 4096;

export class StandingApprovals {
  readonly #time: Pick<Time, "now">;
  /** Since when each stands, and for how long. */
  readonly #standing = new Map<string, { readonly since: Instant; readonly ms: number }>();

  constructor(time: Pick<Time, "now">) {
    this.#time = time;
  }

  add(request: HeldRequest, extent: LastingExtent): void {
    const key = keyOf(request, extent.kind);
    this.#standing.delete(key);
    const [oldest] = this.#standing.keys();
    if (this.#standing.size >= STANDING_MAX && oldest !== undefined) this.#standing.delete(oldest);
    this.#standing.set(key, { since: this.#time.now(), ms: extent.kind === "time" ? extent.ms : Infinity });
  }

  /** By which of them the request is approved, if by any. All of its rules and secrets have to have been there: a rule more, and it is asked for again. */
  find(request: HeldRequest): LastingExtent["kind"] | undefined {
    if (request.kind === "wish") return undefined;
    const now = this.#time.now();
    return (["rule", "run", "time"] as const).find((kind) => {
      const found = this.#standing.get(keyOf(request, kind));
      // By whichever clock says more: ten minutes end while a laptop sleeps, and where the clock is put back.
      return found !== undefined && elapsedMs(found.since, now) < found.ms;
    });
  }

  clear(): void {
    this.#standing.clear();
  }
}

function keyOf({ run, secretIds, rules, host, method }: HeldRequest, kind: LastingExtent["kind"]): string {
  const what = [[...secretIds].sort(), [...rules].sort()];
  switch (kind) {
    case "run":
      return JSON.stringify([kind, run, host, method, ...what]);
    case "time":
      return JSON.stringify([kind, host, method, ...what]);
    case "rule":
      return JSON.stringify([kind, ...what]);
  }
}
