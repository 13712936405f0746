// What a run tells its proxy.
import type { Authority } from "../vault/host.ts";
import type { Resolve } from "./upstream/dial.ts";
import type { ProxyEvent } from "./grants/event.ts";
import type { Grant } from "./grants/grant.ts";
import type { RunGate } from "./judge/run-gate.ts";
import type { Handshake } from "./tls/intercept.ts";
import type { StrayTest } from "./places/placeholder-check.ts";
import type { KeptCa } from "./tls/run-ca.ts";
import type { UpstreamTrust } from "./tls/upstream-trust.ts";
import type { PortListener } from "./port/port-requests.ts";
import type { FindNextProxy } from "./upstream/next-proxy.ts";

/** What makes one proxy as good as another to a program. */
export interface KeptProxy {
  /** In hex. */
  readonly token: string;
  readonly ca: KeptCa;
}

export interface ProxyOptions extends PortListener {
  readonly grants: readonly Grant[];
  /** Refuses hosts that no secret is bound to, instead of tunnelling. */
  readonly denyUnmatched: boolean;
  /** Refuses a placeholder where it may not act, instead of passing it on. */
  readonly strict: boolean;
  /** Whether the run is behind a wall: what listens on this machine is reached where a binding names it, and not otherwise. */
  readonly isWalled?: boolean;
  /** Whether the program is on another machine: of this one, and of the private network that it is in, what a binding names is reached, and nothing else. */
  readonly isElsewhere?: boolean;
  /** What the program of this run knows its proxy by, where another proxy of the same run was there before. */
  readonly kept?: KeptProxy;
  /** PEM certificates that upstream verification trusts, the whole list; or what was made of them, for more than one proxy. */
  readonly roots: readonly string[] | UpstreamTrust;
  /** Knows placeholders of secrets that this run does not get. */
  readonly isStray?: StrayTest;
  /** Takes an event down for the audit log: it is written with the next `flush`, or soon. */
  enter(event: ProxyEvent): void;
  /** Writes what was entered. Called before a secret goes out, which it does not if this throws. */
  flush(): void;
  /** Cheap: asked before each substitution. True after `vault lock`. */
  isRevoked(): boolean;
  /** Whom requests wait for that a rule holds. Without one, they are refused. */
  readonly gate?: RunGate | undefined;
  /** The user's own proxy for a host, where there is one. */
  readonly findNextProxy?: FindNextProxy;
  /** How names become addresses; the system's way by default. */
  readonly resolve?: Resolve;
  /** Hears how the child took the run's certificate, once for each connection to a bound host. */
  readonly hearHandshake?: (outcome: Handshake, authority: Authority) => void;
  /** Limits on the child's patience; tests pass small ones. */
  readonly headMs?: number;
  readonly bodyIdleMs?: number;
  /** Of bodies that have to be there whole, all together. */
  readonly heldBytesMax?: number;
}
