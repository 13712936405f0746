// How a connection came to the run's proxy, which decides what is expected on it first.
import type { Authority } from "../vault/host.ts";

/**
 * `listener`: to the proxy's own port, which is open to the whole machine, so the run's token is asked for. The others are handed in by who knows that the run's program made them, behind its wall: `proxy`: the program speaks as to a
 * proxy. `direct`: it knows of none, and believes that it speaks with this host.
 */
export type Arrival = { readonly kind: "listener" } | HandedArrival;

export type HandedArrival = { readonly kind: "proxy" } | { readonly kind: "direct"; readonly authority: Authority };
