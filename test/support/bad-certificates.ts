// Identities of servers that no client should trust with a secret, one for each thing that can be wrong, and honest ones that only look unusual.
import { getDiffieHellman } from "node:crypto";
import type { TlsOptions } from "node:tls";
import { derInteger, derSequence } from "../../src/proxy/tls/der.ts";
import type { AlternativeName, Issued, Keys, Order } from "./certificate-mill.ts";
import { authority, ecKeys, issue, keyIdentifiers, names, noAuthority, permitted, privatePem, purpose, rsaKeys, unknownCritical, usage } from "./certificate-mill.ts";

/** What a test serves, the host that it is reached as, and the one root that is trusted. */
export interface ServerCase {
  readonly host: string;
  readonly roots: readonly string[];
  readonly tls: TlsOptions;
}

const HOST = "api.example.test";
/** Servers must not be the ones that refuse. */
const LAX = "DEFAULT:@SECLEVEL=0";

const [rootKeys, leafKeys, middleKeys] = [ecKeys(), ecKeys(), ecKeys()];
const ROOT: Order = { name: "test root", keys: rootKeys, extensions: [authority(), usage("sign-certificates"), ...keyIdentifiers(rootKeys)] };
const root = issue(ROOT);
const MIDDLE: Order = { name: "test intermediate", keys: middleKeys, extensions: [authority(), usage("sign-certificates"), ...keyIdentifiers(middleKeys, rootKeys)] };
const LEAF: Order = { name: "test leaf", keys: leafKeys, extensions: [noAuthority(), usage("sign-data"), purpose("server"), names(["dns", HOST])] };

function serve(leaf: Issued, between: readonly Issued[] = [], options: { readonly trusted?: Issued; readonly host?: string; readonly tls?: TlsOptions } = {}): ServerCase {
  const { trusted = root, host = HOST, tls = {} } = options;
  return { host, roots: [trusted.certificate], tls: { cert: [leaf, ...between].map(({ certificate }) => certificate).join(""), key: privatePem(leaf.keys), ciphers: LAX, minVersion: "TLSv1", ...tls } };
}

/** A leaf straight below the root, with changes. */
const leafWith = (changes: Partial<Order>, host = HOST): ServerCase => serve(issue({ ...LEAF, ...changes }, root), [], { host });
/** A leaf that says who it is in these words. */
const leafNamed = (commonName: string, all: readonly AlternativeName[], host = HOST): ServerCase =>
  leafWith({ name: commonName, extensions: [noAuthority(), usage("sign-data"), purpose("server"), ...(all.length === 0 ? [] : [names(...all)])] }, host);
/** A leaf below an intermediate with changes. */
const below = (changes: Partial<Order>, above: Issued = root): ServerCase => {
  const middle = issue({ ...MIDDLE, ...changes }, above);
  return serve(issue(LEAF, middle), [middle], { trusted: above });
};
const signedBy = (keys: Keys, hash: "sha256" | "sha1" | "md5" = "sha256"): ServerCase => {
  const own = issue({ ...ROOT, keys, extensions: [authority(), usage("sign-certificates"), ...keyIdentifiers(keys)] });
  return serve(issue({ ...LEAF, hash }, own), [], { trusted: own });
};

export const BAD_CERTIFICATES: Readonly<Record<string, () => ServerCase>> = {
  // Time
  expired: () => leafWith({ fromHours: -48, toHours: -24 }),
  "not yet valid": () => leafWith({ fromHours: 24, toHours: 48 }),
  "below an expired intermediate": () => below({ fromHours: -48, toHours: -24 }),
  "below an expired root": () => {
    const old = issue({ ...ROOT, fromHours: -48, toHours: -24 });
    return serve(issue(LEAF, old), [], { trusted: old });
  },
  // Name
  "for another name": () => leafNamed("x", [["dns", "other.example.test"]]),
  "for the name above": () => leafNamed("x", [["dns", "example.test"]]),
  "for the host by its common name only": () => leafNamed(HOST, []),
  "for the host by its common name, and a mail address by the alternative": () => leafNamed(HOST, [["mail", "me@example.test"]]),
  "for the host by its common name, and an address by the alternative": () => leafNamed(HOST, [["address", Uint8Array.of(127, 0, 0, 1)]]),
  "for the host as a URI": () => leafNamed(HOST, [["uri", `https://${HOST}/`]]),
  "for the host with a NUL and more": () => leafNamed("x", [["dns", `${HOST}\0.evil.test`]]),
  "for a list that only looks like two names": () => leafNamed("x", [["dns", `evil.test, DNS:${HOST}`]]),
  "for two labels with one star": () => leafNamed("x", [["dns", "*.test"]]),
  "for everything below a top level": () => leafNamed("x", [["dns", "*.test"]], "example.test"),
  "for everything": () => leafNamed("x", [["dns", "*"]]),
  "for a star in the middle": () => leafNamed("x", [["dns", "api.*.test"]]),
  "for a star within a label": () => leafNamed("x", [["dns", "a*.example.test"]]),
  "for a star within a label's end": () => leafNamed("x", [["dns", "*i.example.test"]]),
  "for an address by its common name": () => leafNamed("127.0.0.1", [], "127.0.0.1"),
  "for an address as a DNS name": () => leafNamed("x", [["dns", "127.0.0.1"]], "127.0.0.1"),
  "for another address": () => leafNamed("x", [["address", Uint8Array.of(127, 0, 0, 2)]], "127.0.0.1"),
  // Who vouches for it
  "self-signed": () => serve(issue(LEAF)),
  "of an unknown root": () => serve(issue(LEAF, issue({ ...ROOT, name: "another root", keys: middleKeys }))),
  "of an unknown root with the known one's name": () => serve(issue(LEAF, { name: ROOT.name, keys: middleKeys })),
  "without its intermediate": () => serve(issue(LEAF, issue(MIDDLE, root))),
  "with a broken signature": () => leafWith({ isForged: true }),
  "below a leaf": () => below({ extensions: [noAuthority(), usage("sign-data"), purpose("server"), names(["dns", "other.example.test"])] }),
  "below a certificate that says nothing of authority": () => below({ extensions: [] }),
  "below an authority that may not sign": () => below({ extensions: [authority(), usage("sign-data")] }),
  "below an authority for code": () => below({ extensions: [authority(), usage("sign-certificates"), purpose("code")] }),
  "beyond the length of its path": () => below({}, issue({ ...ROOT, extensions: [authority(0), usage("sign-certificates"), ...keyIdentifiers(rootKeys)] })),
  "outside its authority's names": () => below({ extensions: [authority(), usage("sign-certificates"), permitted("elsewhere.test")] }),
  // What it is for
  "for signing certificates only": () => leafWith({ extensions: [noAuthority(), usage("sign-certificates"), purpose("server"), names(["dns", HOST])] }),
  "for clients only": () => leafWith({ extensions: [noAuthority(), usage("sign-data"), purpose("client"), names(["dns", HOST])] }),
  "with a critical extension that nobody knows": () => leafWith({ extensions: [...LEAF.extensions, unknownCritical()] }),
  "of version 1": () => leafWith({ name: HOST, version: 1 }),
  // Strength
  "with an RSA key of 1024 bits": () => leafWith({ keys: rsaKeys(1024) }),
  "with a key on a curve of 192 bits": () => leafWith({ keys: ecKeys("prime192v1") }),
  "signed over MD5": () => signedBy(rsaKeys(2048), "md5"),
  "signed over SHA-1": () => signedBy(rsaKeys(2048), "sha1"),
  "below an intermediate signed over SHA-1": () => below({ hash: "sha1" }),
  "below an intermediate with an RSA key of 1024 bits": () => below({ keys: rsaKeys(1024), extensions: [authority(), usage("sign-certificates")] }),
  "below a root with an RSA key of 1024 bits": () => signedBy(rsaKeys(1024)),
  "over TLS 1.1": () => serve(issue(LEAF, root), [], { tls: { maxVersion: "TLSv1.1" } }),
  "over Diffie-Hellman of 1024 bits": () => {
    const group = getDiffieHellman("modp2");
    const dhparam = Buffer.from(derSequence(derInteger(group.getPrime()), derInteger(group.getGenerator()))).toString("base64");
    return serve(issue({ ...LEAF, keys: rsaKeys(2048) }, root), [], { tls: { maxVersion: "TLSv1.2", ciphers: "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", dhparam: `-----BEGIN DH PARAMETERS-----\n${dhparam}\n-----END DH PARAMETERS-----\n` } });
  },
  "over a cipher that hides nothing": () => serve(issue({ ...LEAF, keys: rsaKeys(2048) }, root), [], { tls: { maxVersion: "TLSv1.2", ciphers: "eNULL:@SECLEVEL=0" } }),
  "over a cipher without a certificate": () => serve(issue(LEAF, root), [], { tls: { maxVersion: "TLSv1.2", ciphers: "AECDH-AES128-SHA:ADH-AES128-SHA:@SECLEVEL=0" } }),
};

export const GOOD_CERTIFICATES: Readonly<Record<string, () => ServerCase>> = {
  "straight from its root": () => leafWith({}),
  "below an intermediate": () => below({}),
  "below an intermediate for these names": () => below({ extensions: [authority(0), usage("sign-certificates"), permitted("example.test")] }),
  "for one label with a star": () => leafNamed("x", [["dns", "*.example.test"]]),
  "for one label with a star, where that is none of DNS's": () => leafNamed("x", [["dns", "*.example.test"]], "a_b.example.test"),
  "for many names": () => leafNamed("x", [["mail", "me@example.test"], ["dns", "other.example.test"], ["dns", "API.Example.Test"]]),
  "for an address": () => leafNamed("x", [["address", Uint8Array.of(127, 0, 0, 1)]], "127.0.0.1"),
  "without a word of its use": () => leafWith({ extensions: [names(["dns", HOST])] }),
  "with an RSA key of 2048 bits": () => leafWith({ keys: rsaKeys(2048) }),
  "with a key on P-384": () => leafWith({ keys: ecKeys("P-384") }),
  "over TLS 1.2": () => serve(issue(LEAF, root), [], { tls: { maxVersion: "TLSv1.2" } }),
  "that is trusted by itself, as an authority too": () => {
    const own = issue({ ...LEAF, extensions: [authority(), names(["dns", HOST])] });
    return serve(own, [], { trusted: own });
  },
};
