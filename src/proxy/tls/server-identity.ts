// Whether a verified certificate speaks for the host that was asked for (RFC 9525).
import { checkServerIdentity } from "node:tls";
import type { PeerCertificate } from "node:tls";

/** A star that is no whole first label of a name. */
const STRAY_STAR = /(?<!DNS:)\*|\*(?!\.)/;

/**
 * Node's check, without two of its courtesies. It takes the common name for a host name where subjectAltName has none (section 2 forbids
 * that), and a star for a part of a label (section 6.3 forbids that too): no authority that is trusted by default may sign the latter.
 *
 * @param host canonical (`vault/host.ts`).
 * @param certificate of a verified chain.
 * @returns an error with a code, or undefined where the certificate is the host's.
 */
export function findIdentityError(host: string, certificate: PeerCertificate): Error | undefined {
  const names = certificate.subjectaltname ?? "";
  return checkServerIdentity(host, { ...certificate, subject: { ...certificate.subject, CN: "" }, subjectaltname: STRAY_STAR.test(names) ? "" : names });
}
