// Whom connections outwards trust: the run's list of roots and nothing else, whatever Node or the environment would add.
import { createSecureContext, DEFAULT_CIPHERS } from "node:tls";
import type { SecureContext } from "node:tls";

/** Several proxies may have one together. */
export interface UpstreamTrust {
  /** Made when first asked for: reading the roots takes longer than a handshake, some tens of milliseconds. */
  readonly context: () => SecureContext;
}

/** @param roots PEM certificates, or what gathers them. */
export function openUpstreamTrust(roots: readonly string[] | (() => readonly string[])): UpstreamTrust {
  let context: SecureContext | undefined;
  return {
    context() {
      // Security level 2 refuses RSA below 2048 bits and SHA-1 anywhere in the chain.
      context ??= createSecureContext({ ca: [...(typeof roots === "function" ? roots() : roots)], minVersion: "TLSv1.2", ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=2` });
      return context;
    },
  };
}
