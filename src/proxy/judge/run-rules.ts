// What every part of a run's proxy goes by: its grants in the forms that the parts need, its audit sink, its ids.
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Authority } from "../../vault/host.ts";
import { bindingAllows, formatAuthority } from "../../vault/host.ts";
import type { ProxyEvent } from "../grants/event.ts";
import type { Grant } from "../grants/grant.ts";
import type { Recogniser } from "../places/placeholder.ts";
import { makeRecogniser } from "../places/placeholder.ts";
import type { StrayTest } from "../places/placeholder-check.ts";
import type { HeldShare } from "../http1/held-bytes.ts";
import { openHeldBytes } from "../http1/held-bytes.ts";
import type { BodyWatch } from "../places/request-body.ts";
import { makeBodyWatch } from "../places/request-body.ts";
import type { Scrubber } from "../scrub/scrub.ts";
import { makeScrubbers } from "../scrub/scrub.ts";
import type { RunGate } from "./run-gate.ts";
import type { AwsClock } from "./signing-limits.ts";
import { openAwsClock } from "./signing-limits.ts";

export interface RunRules {
  readonly grants: readonly Grant[];
  readonly strict: boolean;
  readonly recognise: Recogniser;
  readonly isStray: StrayTest;
  /** What takes these secrets out of answers; undefined where there is nothing to take out. */
  readonly scrubberOf: (grants: readonly Grant[]) => Scrubber | undefined;
  readonly bodyWatch: BodyWatch;
  readonly enter: (event: ProxyEvent) => void;
  readonly flush: () => void;
  readonly isRevoked: () => boolean;
  /** How long a request's body may stand still. */
  readonly bodyIdleMs: number;
  readonly nextRequestId: () => string;
  readonly awsClock: AwsClock;
  /** For a body that has to be there whole. */
  readonly openShare: () => HeldShare;
  /** Whom requests wait for that a rule holds; undefined: they are refused. */
  readonly gate: RunGate | undefined;
  /** Whether any of the secrets has a value that may change. */
  readonly hasLiving: boolean;
  /** Whether any has one that is made. */
  readonly hasMade: boolean;
}

export function makeRunRules(options: Pick<RunRules, "grants" | "strict" | "isStray" | "enter" | "flush" | "isRevoked" | "bodyIdleMs"> & { readonly heldBytesMax: number | undefined; readonly gate?: RunGate | undefined }): RunRules {
  const prefix = randomBytes(3).toString("hex");
  let count = 0;
  const { grants } = options;
  return {
    ...options,
    gate: options.gate,
    hasLiving: grants.some(({ living }) => living !== undefined),
    hasMade: grants.some(({ living }) => living?.isMade === true),
    recognise: makeRecogniser(grants),
    scrubberOf: makeScrubbers(grants),
    bodyWatch: makeBodyWatch(grants),
    awsClock: openAwsClock(),
    openShare: openHeldBytes(options.heldBytesMax),
    nextRequestId: () => `${prefix}-${(count += 1)}`,
  };
}

/**
 * The grants that name a host, at whatever port. HTTP with such a host is judged and looked through: at a port that no binding names nothing is put in,
 * and a request that asks for it is told why.
 */
export function grantsNaming(grants: readonly Grant[], { host }: Authority): readonly Grant[] {
  return grants.filter(({ bindings, firstBindings }) => (firstBindings ?? bindings).some((binding) => bindingAllows(binding, { host, port: binding.port })));
}

/** The grants with such an endpoint at exactly this host and port: TLS with it is looked into as with a bound host. */
export function grantsClosing(grants: readonly Grant[], authority: Authority): readonly Grant[] {
  const text = formatAuthority(authority);
  return grants.filter(({ closedEndpoints }) => closedEndpoints?.some((endpoint) => formatAuthority(endpoint.authority) === text) === true);
}

/**
 * Whether a bound host may be at a private address: where the binding names `localhost` or the address itself, or every secret that
 * the request uses says so (any that names the host, where it uses none).
 */
export function mayBePrivate({ host }: Authority, used: readonly Grant[], naming: readonly Grant[]): boolean {
  if (host === "localhost" || isIP(host) !== 0) return true;
  return used.length > 0 ? used.every(({ allowPrivate }) => allowPrivate) : naming.some(({ allowPrivate }) => allowPrivate);
}
