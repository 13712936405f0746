// Approvals that are good for more than one request. Those of a run stay until the agent ends: no other run is ever given its id.
import type { Time } from "../time.ts";
import type { Extent } from "./answer.ts";
import type { HeldRequest } from "./held-request.ts";

type LastingExtent = Exclude<Extent, { readonly kind: "once" }>;

/** As long as one person answers, there are few; a bound all the same. The oldest goes first, and is asked for again. */
const STANDING_MAX = 4096;

export class StandingApprovals {
  readonly #time: Pick<Time, "now">;
  /** Until when each stands, by the agent's monotonic clock. */
  readonly #untilMs = new Map<string, number>();

  constructor(time: Pick<Time, "now">) {
    this.#time = time;
  }

  add(request: HeldRequest, extent: LastingExtent): void {
    const key = keyOf(request, extent.kind);
    const untilMs = extent.kind === "time" ? this.#time.now().monotonicMs + extent.ms : Infinity;
    this.#untilMs.delete(key);
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size >= STANDING_MAX && oldest !== undefined) this.#untilMs.delete(oldest);
    this.#untilMs.set(key, untilMs);
  }

  /** By which of them the request is approved, if by any. All of its rules and secrets have to have been there: a rule more, and it is asked for again. */
  find(request: HeldRequest): LastingExtent["kind"] | undefined {
    if (request.kind === "wish") return undefined;
    const now = this.#time.now().monotonicMs;
    return (["rule", "run", "time"] as const).find((kind) => now < (this.#untilMs.get(keyOf(request, kind)) ?? 0));
  }

  clear(): void {
    this.#untilMs.clear();
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
