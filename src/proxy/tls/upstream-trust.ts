// Whom connections outwards trust: the run's list of roots and nothing else, whatever Node or the environment would add.
import { createSecureContext, DEFAULT_CIPHERS } from "node:tls";
import type { SecureContext } from "node:tls";

/** @param roots PEM certificates, or what gathers them. @returns the context, made when first needed: reading the roots takes longer than a handshake. */
export function openUpstreamTrust(roots: readonly string[] | (() => readonly string[])): () => SecureContext {
  let context: SecureContext | undefined;
  return () => {
    // Security level 2 refuses RSA below 2048 bits and SHA-1 anywhere in the chain.
    context ??= createSecureContext({ ca: [...(typeof roots === "function" ? roots() : roots)], minVersion: "TLSv1.2", ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=2` });
    return context;
  };
}
