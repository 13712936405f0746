import type { Secret } from "../../secret.ts";
import type { HostBinding } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";

/** One secret that this run may use: what the child holds in its stead, and where the value may go. */
export interface Grant {
  /** The secret's name, as audit entries and refusals show it. */
  readonly name: string;
  readonly placeholder: string;
  readonly value: Secret;
  readonly bindings: readonly HostBinding[];
  readonly places: readonly Place[];
  /** Whether the bound hosts may resolve to private addresses. */
  readonly allowPrivate: boolean;
  /** Headers, in lower case, that carry this secret beside those that `isCredentialHeader` knows. */
  readonly headers?: readonly string[];
  /** The file that lets this run have less of the secret than the vault would: what a refusal names in place of a command that would not help. */
  readonly narrowedBy?: string;
}
