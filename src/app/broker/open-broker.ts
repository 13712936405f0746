// This machine's way to a broker, as one of its identities.
import { rootCertificates } from "node:tls";
import type { BrokerClient } from "../../broker/client.ts";
import { openBrokerClient, parseBrokerOrigin } from "../../broker/client.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { collectRoots } from "../../run/roots/ca-file.ts";
import type { Surroundings } from "../surroundings.ts";
import { loadIdentity } from "./own-identities.ts";

export interface BrokerPlace {
  readonly url: string;
  readonly handle: string;
  /** PEM texts. Undefined: what this system trusts. */
  readonly roots: readonly string[] | undefined;
}

/** Asks nothing yet. @throws VaultError `usage`, `not-found`, `wrong-key`. */
export function openBroker(surroundings: Pick<Surroundings, "paths" | "variables">, { url, handle, roots }: BrokerPlace): Promise<{ readonly client: BrokerClient; readonly did: DidKey }> {
  const origin = parseBrokerOrigin(url);
  const key = loadIdentity(surroundings, handle);
  const trusted = roots ?? [...rootCertificates, ...collectRoots(surroundings.variables, []).upstream];
  return Promise.resolve({ client: openBrokerClient(origin, key, trusted, Date.now), did: key.did });
}
