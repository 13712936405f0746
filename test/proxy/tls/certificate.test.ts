import { spawnSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionOptions, PeerCertificate, SecureContext } from "node:tls";
import { afterAll, describe, expect, it } from "vitest";
import type { PermittedNames } from "../../../src/proxy/tls/certificate.ts";
import { alternativeName, authorityConstraint, authorityKeyIdentifier, keyUsage, nameConstraints, serverPurpose, signCertificate, subjectKeyIdentifier } from "../../../src/proxy/tls/certificate.ts";
import { derBoolean, derInteger, derOid, derTime } from "../../../src/proxy/tls/der.ts";
import { makeRunCa } from "../../../src/proxy/tls/run-ca.ts";
import { parseHostBinding } from "../../../src/vault/host.ts";
import { openConnect, openSecure, untilSecure } from "../../support/proxy-child.ts";
import { makeGrant, openTestRun } from "../../support/proxy-run.ts";
import { connectTls, createServer, wrapTls } from "../../support/raw-sockets.ts";

const folder = mkdtempSync(join(tmpdir(), "vault-certificates-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const DAY_MS = 86_400_000;
const HALF_DAY_MS = DAY_MS / 2;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What a client is shown. */
async function leafOf(context: SecureContext): Promise<PeerCertificate> {
  const server = createServer((socket) => wrapTls(socket, { isServer: true, secureContext: context }).on("error", () => undefined));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connectTls({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(client, "secureConnect");
  const certificate = client.getPeerCertificate();
  client.destroy();
  server.close();
  return certificate;
}

describe("DER", () => {
  it("encodes as X.690 says", () => {
    expect(hex(derInteger(Uint8Array.of(0)))).toBe("020100");
    expect(hex(derInteger(Uint8Array.of(0, 0, 0x80)))).toBe("02020080");
    expect(hex(derInteger(Uint8Array.of(0x7f)))).toBe("02017f");
    expect([false, true].map((value) => hex(derBoolean(value)))).toEqual(["010100", "0101ff"]);
    expect(hex(derOid("1.2.840.10045.4.3.2"))).toBe("06082a8648ce3d040302");
    expect(Buffer.from(derTime(new Date("2031-02-03T04:05:06.789Z"))).toString("latin1", 2)).toBe("310203040506Z");
    expect(hex(derTime(new Date("2049-12-31T23:59:59Z")).subarray(0, 2))).toBe("170d");
    for (const year of ["1949", "2050"]) expect(Buffer.from(derTime(new Date(`${year}-01-01T00:00:00Z`))).toString("latin1")).toBe(`\u0018\u000f${year}0101000000Z`);
  });
});

describe("the run's CA", () => {
  it("is one, for longer than any run, under a new name and serial each time", () => {
    const now = (): Date => new Date("2030-06-01T12:00:00Z");
    const [one, two] = [makeRunCa([parseHostBinding("api.example.test")], now), makeRunCa([parseHostBinding("api.example.test")], now)].map((ca) => new X509Certificate(ca.certificate));
    expect(one!.ca).toBe(true);
    expect(one!.checkIssued(one!)).toBe(true);
    expect(one!.verify(one!.publicKey)).toBe(true);
    const [from, to] = [new Date(one!.validFrom).getTime(), new Date(one!.validTo).getTime()];
    expect(to - now().getTime()).toBe(3650 * DAY_MS);
    expect(now().getTime() - from).toBe(3650 * DAY_MS);
    expect(one!.subject).not.toBe(two!.subject);
    expect(one!.serialNumber).not.toBe(two!.serialNumber);
    expect(one!.serialNumber).toHaveLength(32);
  });

  it("names addresses by their bytes", () => {
    expect(hex(alternativeName("192.0.2.255"))).toMatch(/8704c00002ff$/);
    expect(hex(alternativeName("2001:db8::1"))).toMatch(/871020010db8000000000000000000000001$/);
    expect(hex(alternativeName("ff02:1234:5678:9abc:def0:1:2:3"))).toMatch(/8710ff02123456789abcdef0000100020003$/);
  });

  it("tells of a child that does not trust it, and of one that does", async () => {
    const heard: string[] = [];
    const run = await openTestRun([makeGrant("KEY", ["api.example.test:8443"])], { hearHandshake: (outcome, { host }) => heard.push(`${outcome} ${host}`) });
    const { certificate } = makeRunCa([parseHostBinding("api.example.test")]);
    await expect(openSecure(run.proxy, "api.example.test:8443", "api.example.test", certificate)).rejects.toThrow();
    await expect.poll(() => heard).toEqual(["broken-off api.example.test"]);
    const secure = await openSecure(run.proxy, "api.example.test:8443");
    await expect.poll(() => heard).toEqual(["broken-off api.example.test", "completed api.example.test"]);
    secure.destroy();
    await run.proxy.close();
  });

  it("tells of a child that speaks HTTP/2 alone", async () => {
    const heard: string[] = [];
    const run = await openTestRun([makeGrant("KEY", ["api.example.test:8443"])], { hearHandshake: (outcome) => heard.push(outcome) });
    const { socket } = await openConnect(run.proxy, "api.example.test:8443");
    await expect(untilSecure(connectTls({ socket, ca: run.proxy.caCertificate, servername: "api.example.test", ALPNProtocols: ["h2"] }))).rejects.toThrow(/no application protocol/i);
    await expect.poll(() => heard).toEqual(["no-http1"]);
    socket.destroy();
    await run.proxy.close();
  });

  it("makes a leaf anew before it ends, and when the clock was put back; between, it is the same", async () => {
    let time = Date.parse("2030-06-01T12:00:00Z");
    const ca = makeRunCa([parseHostBinding("api.example.test")], () => new Date(time));
    const contextAt = (hours: number): SecureContext => {
      time += hours * 3_600_000;
      return ca.contextFor("api.example.test");
    };
    const first = contextAt(0);
    expect([contextAt(6), contextAt(5)]).toEqual([first, first]);
    for (const hours of [2, 40 * 24, -42 * 24, 0.5]) {
      const leaf = await leafOf(contextAt(hours));
      const [from, to] = [Date.parse(leaf.valid_from), Date.parse(leaf.valid_to)];
      expect([hours, from <= time - HALF_DAY_MS, to >= time + HALF_DAY_MS, to - from]).toEqual([hours, true, true, 2 * DAY_MS]);
    }
  });

  it.each([
    ["a name", "api.example.test:8443", "DNS:api.example.test"],
    ["a wildcard", "deep.example.test:8443", "DNS:deep.example.test"],
    ["an IPv4 address", "127.0.0.1:8443", "IP Address:127.0.0.1"],
    ["localhost", "localhost:8443", "DNS:localhost"],
  ])("vouches for %s", async (_kind, authority, alternative) => {
    const run = await openTestRun([makeGrant("KEY", ["api.example.test:8443", "*.example.test:8443", "127.0.0.1:8443", "localhost:8443"])]);
    try {
      const secure = await openSecure(run.proxy, authority);
      const leaf = new X509Certificate(secure.getPeerCertificate(true).raw);
      secure.destroy();
      expect(leaf.subjectAltName).toBe(alternative);
      expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
      expect(leaf.ca).toBe(false);
      expect(leaf.checkIssued(new X509Certificate(run.proxy.caCertificate))).toBe(true);
      expect(new Date(leaf.validTo).getTime() - new Date(leaf.validFrom).getTime()).toBeLessThanOrEqual(2 * DAY_MS);
    } finally {
      await run.proxy.close();
    }
  });

  it.each<[string, ConnectionOptions, string]>([
    ["AES-128, whatever the child names first", {}, "TLS_AES_128_GCM_SHA256"],
    ["what a child has that has no AES-128", { ciphers: "TLS_AES_256_GCM_SHA384" }, "TLS_AES_256_GCM_SHA384"],
    ["ChaCha20, to a child that has nothing else", { ciphers: "TLS_CHACHA20_POLY1305_SHA256" }, "TLS_CHACHA20_POLY1305_SHA256"],
    ["AES-128 in TLS 1.2", { maxVersion: "TLSv1.2" }, "ECDHE-ECDSA-AES128-GCM-SHA256"],
  ])("speaks %s", async (_what, wishes, cipher) => {
    const run = await openTestRun([makeGrant("KEY", ["api.example.test:8443"])]);
    try {
      const { socket } = await openConnect(run.proxy, "api.example.test:8443");
      const secure = connectTls({ socket, ca: run.proxy.caCertificate, servername: "api.example.test", ...wishes });
      await once(secure, "secureConnect");
      expect(secure.getCipher().name).toBe(cipher);
      secure.destroy();
    } finally {
      await run.proxy.close();
    }
  });
});

describe.skipIf(!hasOpenssl)("name constraints, as OpenSSL reads them", () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const period = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const serial = Uint8Array.of(0x41, 2, 3);

  function verifies(permitted: PermittedNames, host: string): boolean {
    const ca = signCertificate(
      { serial, issuer: "run", subject: "run", ...period, subjectKey: keys.publicKey, extensions: [authorityConstraint(), keyUsage("sign-certificates"), subjectKeyIdentifier(keys.publicKey), nameConstraints(permitted)] },
      keys.privateKey,
    );
    const leaf = signCertificate(
      { serial, issuer: "run", subject: "vault run leaf", ...period, subjectKey: keys.publicKey, extensions: [keyUsage("sign-data"), serverPurpose(), alternativeName(host), subjectKeyIdentifier(keys.publicKey), authorityKeyIdentifier(keys.publicKey)] },
      keys.privateKey,
    );
    writeFileSync(join(folder, "ca.pem"), ca);
    writeFileSync(join(folder, "leaf.pem"), leaf);
    return spawnSync("openssl", ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", join(folder, "ca.pem"), join(folder, "leaf.pem")]).status === 0;
  }

  it.each<[string, PermittedNames, string, boolean]>([
    ["a bound name", { dnsNames: ["api.example.test"], addresses: [] }, "api.example.test", true],
    ["another name", { dnsNames: ["api.example.test"], addresses: [] }, "evil.example.test", false],
    ["a name that only ends alike", { dnsNames: ["example.test"], addresses: [] }, "evilexample.test", false],
    ["a name under a wildcard", { dnsNames: ["example.test"], addresses: [] }, "api.example.test", true],
    ["an IPv4 address where none is bound", { dnsNames: ["example.test"], addresses: [] }, "10.0.0.1", false],
    ["an IPv6 address where none is bound", { dnsNames: ["example.test"], addresses: [] }, "2001:db8::1", false],
    ["a bound address", { dnsNames: [], addresses: ["10.0.0.1"] }, "10.0.0.1", true],
    ["another address", { dnsNames: [], addresses: ["10.0.0.1"] }, "10.0.0.2", false],
    ["a bound IPv6 address", { dnsNames: [], addresses: ["2001:db8::1"] }, "2001:db8::1", true],
    ["another IPv6 address", { dnsNames: [], addresses: ["2001:db8::1"] }, "2001:db8::2", false],
    ["a name where only addresses are bound", { dnsNames: [], addresses: ["10.0.0.1"] }, "api.example.test", false],
    ["anything where nothing is bound", { dnsNames: [], addresses: [] }, "api.example.test", false],
  ])("decide on %s", (_what, permitted, host, isAccepted) => {
    expect(verifies(permitted, host)).toBe(isAccepted);
  });
});
