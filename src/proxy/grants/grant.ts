import type { Secret } from "../../secret.ts";
import type { Authority, HostBinding } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import type { GrantRules } from "./grant-rules.ts";
import type { LivingValue } from "./living-value.ts";
import type { Pin } from "./pin.ts";

/** `path` is an URL's, as it stands there, without a query. */
export interface Endpoint {
  readonly authority: Authority;
  readonly path: string;
}

/** One secret that this run may use: what the child holds in its stead, and where the value may go. */
export interface Grant {
  /** The secret's name, as audit entries and refusals show it. */
  readonly name: string;
  readonly placeholder: string;
  readonly value: Secret;
  /** Absent: the value is one for the whole run, and so is where it may go. Otherwise `bindings`, `places` and `allowPrivate` may become less while the run goes on, and never more. */
  readonly living?: LivingValue | undefined;
  readonly bindings: readonly HostBinding[];
  /** Those that it had at first, where there are fewer now: such a host may know the value, and its answers are looked through as before. */
  readonly firstBindings?: readonly HostBinding[] | undefined;
  /** Of a pinned secret the words mean the spots of its service, and no others; one more header or parameter is named. */
  readonly places: readonly Place[];
  /** Whether the bound hosts may resolve to private addresses. */
  readonly allowPrivate: boolean;
  /** Absent or true: answers of its hosts are looked through for it. A value that can be guessed is told by that. */
  readonly scrub?: boolean;
  /** Absent: the secret may stand where keys usually do. */
  readonly pin?: Pin;
  /** Absent: none. Where the child asks for a token with the placeholder, the proxy gives it the placeholder, and nothing goes out: see own-token.ts. */
  readonly tokenEndpoint?: Endpoint;
  /** Absent: none. There the agent asks for this secret's tokens, and the child for none: see closed-endpoint.ts. */
  readonly closedEndpoints?: readonly Endpoint[];
  /** Absent: the value stands where it is put. Otherwise it signs, and stands nowhere: see aws-signing.ts. */
  readonly signs?: "aws";
  /** Absent: what the secret may be used for, nobody says. As `bindings`, it may become less while the run goes on. */
  readonly rules?: GrantRules | undefined;
  /** The file that lets this run have less of the secret than the vault would: what a refusal names in place of a command that would not help. */
  readonly narrowedBy?: string;
}
