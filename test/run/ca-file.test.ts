import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, rootCertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectRoots, writeCaFile } from "../../src/run/ca-file.ts";

// Roots that Node has, with other bytes in their signatures: as text they are certificates that nobody knows.
const [corporate, other] = rootCertificates.slice(0, 2).map((pem) => pem.replace(/.{8}(=*\n-----END)/, "AAAAAAAA$1")) as [string, string];
/** Without line breaks, which differ between sources. */
const body = (pem: string | undefined): string | undefined => pem?.replace(/\s+/g, "");
let folder: string;
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ca-file-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("roots", () => {
  test("of Node, the system and the user, each once", () => {
    const system = file("system.pem", `# a comment\n${rootCertificates.join("\r\n")}\n${corporate}\n`);
    const user = file("user.pem", `${other}\n${corporate}`);
    const { certificates, warnings } = collectRoots({ SSL_CERT_FILE: user, NODE_EXTRA_CA_CERTS: user }, ["/no/such/bundle", system]);
    expect(warnings).toEqual([]);
    expect(certificates.map(body)).toEqual([...rootCertificates, corporate, other].map(body));
  });

  test("are certificates that Node takes", () => {
    const { certificates } = collectRoots({});
    expect(certificates.length).toBeGreaterThanOrEqual(rootCertificates.length);
    expect(() => createSecureContext({ ca: [...certificates] })).not.toThrow();
  });

  test("leave out keys, comments and what is no certificate", () => {
    const mixed = file("mixed.pem", `-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n${corporate}\n-----BEGIN CERTIFICATE-----\nMIIcut short`);
    const { certificates, warnings } = collectRoots({ CURL_CA_BUNDLE: mixed }, []);
    expect(certificates.slice(rootCertificates.length).map(body)).toEqual([body(corporate)]);
    expect(warnings).toEqual([]);
  });

  test("come from folders, too", () => {
    const certs = join(folder, "certs");
    mkdirSync(join(certs, "below"), { recursive: true });
    writeFileSync(join(certs, "a.0"), corporate);
    writeFileSync(join(certs, "README"), "nothing");
    expect(body(collectRoots({ SSL_CERT_DIR: `${certs}:` }, []).certificates.at(-1))).toBe(body(corporate));
    expect(collectRoots({ REQUESTS_CA_BUNDLE: certs }, []).warnings).toEqual([]);
  });

  test("are not read file by file from the folder of the system's bundle, which has them all", () => {
    const system = join(folder, "etc");
    mkdirSync(system);
    writeFileSync(join(system, "bundle.pem"), corporate);
    writeFileSync(join(system, "self-signed.pem"), other);
    const { certificates } = collectRoots({ SSL_CERT_DIR: system, SSL_CERT_FILE: join(system, "bundle.pem") }, [join(system, "bundle.pem")]);
    expect(certificates.map(body)).toEqual([...rootCertificates, corporate].map(body));
  });

  test("that cannot be read are a warning", () => {
    const missing = join(folder, "missing.pem");
    const empty = file("empty.pem", "");
    expect(collectRoots({ GIT_SSL_CAINFO: missing, AWS_CA_BUNDLE: empty, PIP_CERT: "", SSL_CERT_FILE: undefined }, []).warnings).toEqual([
      `GIT_SSL_CAINFO names "${missing}", which cannot be read (ENOENT): its certificates are not trusted`,
      `AWS_CA_BUNDLE names "${empty}", which holds no certificate: its certificates are not trusted`,
    ]);
  });

  test.skipIf(process.platform === "win32")("are not waited for at a pipe", () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(collectRoots({ SSL_CERT_FILE: pipe }, []).warnings).toHaveLength(1);
  });

  test("are gathered fast enough for every start", () => {
    collectRoots({});
    const startMs = performance.now();
    collectRoots({});
    expect(performance.now() - startMs).toBeLessThan(60);
  });
});

test("the file holds all, the run's own first, and is ours alone", () => {
  const path = writeCaFile(folder, [other, `${corporate}\n`], corporate);
  expect(readFileSync(path, "utf8")).toBe([corporate, other, corporate].map((pem) => `${pem.trim()}\n`).join(""));
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(() => writeCaFile(folder, [], corporate)).toThrow(expect.objectContaining({ code: "io" }) as Error);
});
