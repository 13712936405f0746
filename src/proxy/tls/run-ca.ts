// The certificate authority of one run. Its key never leaves memory, but to brokers that share a run, sealed; and its constraints keep it from speaking for any host but the run's bound ones.
import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { createSecureContext, DEFAULT_CIPHERS } from "node:tls";
import type { SecureContext } from "node:tls";
import { Secret } from "../../secret.ts";
import type { HostBinding } from "../../vault/host.ts";
import { isAddress } from "../../vault/host.ts";
import { alternativeName, authorityConstraint, authorityKeyIdentifier, keyUsage, nameConstraints, serverPurpose, signCertificate, subjectKeyIdentifier } from "./certificate.ts";

export interface RunCa {
  /** PEM: what the child is told to trust. */
  readonly certificate: string;
  /** The TLS identity of one host. The newest few hundred are kept: under a wildcard, a child may ask for any number of names. */
  contextFor(host: string): SecureContext;
  /** A copy of its key. */
  copyKey(): Secret;
}

/** An authority that was made before, elsewhere. */
export interface KeptCa {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8 in DER. */
  readonly key: Secret;
}

const HOUR_MS = 60 * 60 * 1000;
/**
 * Either way from the start, and so longer than a run can live, on a clock that was wrong when it began or is put right meanwhile. The CA's life limits nothing: its key is in this process's memory alone
 * and ends with it, and nobody but the run's programs is told to trust it. Clients limit the life of leaves (Apple to 825 days), not of an authority.
 */
const CA_REACH_MS = 10 * 365 * 24 * HOUR_MS;
/** Either way from when a leaf was made: also for a child with a clock beside ours, in a container or a virtual machine. */
const LEAF_REACH_MS = 24 * HOUR_MS;
/** A leaf is made anew once the clock, which may jump either way, is this far from when it was made: what is shown is good for half a day more on any clock. */
const LEAF_FRESH_MS = 12 * HOUR_MS;
const SERIAL_BYTES = 16;
const CONTEXTS_MAX = 256;
const FIRST_CIPHER = "TLS_AES_128_GCM_SHA256";
/** Those that Node has, and whoever started it wants; first among them the one that every TLS 1.3 client has (RFC 8446 section 9.1), with ten rounds for fourteen, for a way that does not leave the machine. */
function orderCiphers(): string {
  return DEFAULT_CIPHERS.split(":").sort((a, b) => Number(b === FIRST_CIPHER) - Number(a === FIRST_CIPHER)).join(":");
}

/** Here and now: to have a thread draw it takes twice as long. */
function makeKeyPair(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** @param now the clock, for tests. @param kept speaks for the hosts that it was made for, whatever `bindings` says. */
export function makeRunCa(bindings: readonly HostBinding[], now = (): Date => new Date(), kept?: KeptCa): RunCa {
  const leafKeys = makeKeyPair();
  const { certificate, issuer, caKeys } = kept === undefined ? drawCa(bindings, now()) : reviveCa(kept);
  const leafKey = leafKeys.privateKey.export({ type: "pkcs8", format: "pem" });
  const contexts = new Map<string, { readonly madeAtMs: number; readonly context: SecureContext }>();
  return {
    certificate,
    copyKey: () => new Secret(new Uint8Array(caKeys.privateKey.export({ type: "pkcs8", format: "der" }))),
    contextFor(host) {
      const known = contexts.get(host);
      const time = now();
      if (known !== undefined && Math.abs(time.getTime() - known.madeAtMs) < LEAF_FRESH_MS) return known.context;
      const leaf = signLeaf(host, issuer, around(time, LEAF_REACH_MS), leafKeys.publicKey, caKeys);
      // No sessions to resume: a resumed TLS 1.2 greeting is taken at its session's word for the host's name, and its own name is never looked at.
      // Nobody is verified by it: without a list of roots, empty as it is, Node would read all of its own for it.
      const context = createSecureContext({ key: leafKey, cert: leaf, ca: [], minVersion: "TLSv1.2", ciphers: orderCiphers(), honorCipherOrder: true, secureOptions: constants.SSL_OP_NO_TICKET });
      const [oldest] = contexts.keys();
      if (contexts.size >= CONTEXTS_MAX && oldest !== undefined) contexts.delete(oldest);
      contexts.set(host, { madeAtMs: time.getTime(), context });
      return context;
    },
  };
}

interface CaParts {
  readonly certificate: string;
  readonly issuer: string;
  readonly caKeys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

function drawCa(bindings: readonly HostBinding[], time: Date): CaParts {
  const caKeys = makeKeyPair();
  // The name is new as well: runs inside runs must not mistake one CA for the other.
  const issuer = `vault run ${randomBytes(8).toString("hex")}`;
  const hosts = [...new Set(bindings.map(({ host }) => host))];
  const certificate = signCertificate(
    {
      serial: makeSerial(),
      issuer,
      subject: issuer,
      ...around(time, CA_REACH_MS),
      subjectKey: caKeys.publicKey,
      extensions: [
        authorityConstraint(),
        keyUsage("sign-certificates"),
        subjectKeyIdentifier(caKeys.publicKey),
        nameConstraints({ dnsNames: hosts.filter((host) => !isAddress(host)), addresses: hosts.filter(isAddress) }),
      ],
    },
    caKeys.privateKey,
  );
  return { certificate, issuer, caKeys };
}

function reviveCa({ certificate, key }: KeptCa): CaParts {
  const privateKey = createPrivateKey({ key: Buffer.from(key.reveal()), format: "der", type: "pkcs8" });
  return { certificate, issuer: new X509Certificate(certificate).subject.replace(/^CN=/, ""), caKeys: { publicKey: createPublicKey(privateKey), privateKey } };
}

interface Period {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

function around(time: Date, reachMs: number): Period {
  return { notBefore: new Date(time.getTime() - reachMs), notAfter: new Date(time.getTime() + reachMs) };
}

/** The subject is no host name: a common name that looks like one is held against the constraints by some verifiers. */
function signLeaf(host: string, issuer: string, period: Period, key: KeyObject, ca: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): string {
  const extensions = [keyUsage("sign-data"), serverPurpose(), alternativeName(host), subjectKeyIdentifier(key), authorityKeyIdentifier(ca.publicKey)];
  return signCertificate({ serial: makeSerial(), issuer, subject: "vault run leaf", ...period, subjectKey: key, extensions }, ca.privateKey);
}

/** Random, positive and never zero (RFC 5280 section 4.1.2.2). */
function makeSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(SERIAL_BYTES));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}
