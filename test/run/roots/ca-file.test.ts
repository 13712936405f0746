import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, rootCertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectRoots, writeCaFile } from "../../../src/run/roots/ca-file.ts";
import { FURTHER_TRUST_VARIABLES, TRUST_FOLDER_VARIABLE, TRUST_VARIABLES } from "../../../src/run/clients/trust-variables.ts";

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
  test("of Node, the system and the user, each once; those of variables for the child alone", () => {
    const system = file("system.pem", `# a comment\n${rootCertificates.join("\r\n")}\n${corporate}\n`);
    const user = file("user.pem", `${other}\n${corporate}`);
    const { upstream, child, childOnly, warnings } = collectRoots({ SSL_CERT_FILE: user, NODE_EXTRA_CA_CERTS: user }, [], ["/no/such/bundle", system]);
    expect(warnings).toEqual([]);
    expect(upstream.map(body)).toEqual([...rootCertificates, corporate].map(body));
    expect(child.map(body)).toEqual([...rootCertificates, corporate, other].map(body));
    expect(childOnly).toEqual([{ variable: "NODE_EXTRA_CA_CERTS", path: user }]);
  });

  test.each([...TRUST_VARIABLES, ...FURTHER_TRUST_VARIABLES, TRUST_FOLDER_VARIABLE])("of %s are for the child alone", (variable) => {
    const certs = join(folder, `certs-${variable}`);
    mkdirSync(certs);
    writeFileSync(join(certs, "evil.pem"), other);
    const { upstream, child } = collectRoots({ [variable]: variable === TRUST_FOLDER_VARIABLE ? certs : join(certs, "evil.pem") }, [], []);
    expect(upstream.map(body)).toEqual(rootCertificates.map(body));
    expect(child.map(body)).toEqual([...rootCertificates, other].map(body));
  });

  test("of the owner are for both, as they are, and need no word about a variable that names them as well", () => {
    const text = `# ours\n${other}\n`;
    const { upstream, child, childOnly } = collectRoots({ SSL_CERT_FILE: file("same.pem", other) }, [text], []);
    expect(upstream.at(-1)).toBe(text);
    expect(child.at(-1)).toBe(text);
    expect(childOnly).toEqual([]);
  });

  test("are certificates that Node takes", () => {
    const { child, upstream } = collectRoots({});
    expect(upstream.length).toBeGreaterThanOrEqual(rootCertificates.length);
    expect(() => createSecureContext({ ca: [...child] })).not.toThrow();
  });

  test("leave out keys, comments and what is no certificate", () => {
    const mixed = file("mixed.pem", `-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n${corporate}\n-----BEGIN CERTIFICATE-----\nMIIcut short`);
    const { child, warnings } = collectRoots({ CURL_CA_BUNDLE: mixed }, [], []);
    expect(child.slice(rootCertificates.length).map(body)).toEqual([body(corporate)]);
    expect(warnings).toEqual([]);
  });

  test("come from folders, too", () => {
    const certs = join(folder, "certs");
    mkdirSync(join(certs, "below"), { recursive: true });
    writeFileSync(join(certs, "a.0"), corporate);
    writeFileSync(join(certs, "README"), "nothing");
    expect(body(collectRoots({ SSL_CERT_DIR: `${certs}:` }, [], []).child.at(-1))).toBe(body(corporate));
    expect(collectRoots({ REQUESTS_CA_BUNDLE: certs }, [], []).warnings).toEqual([]);
  });

  test("are not read file by file from the folder of the system's bundle, which has them all", () => {
    const system = join(folder, "etc");
    mkdirSync(system);
    writeFileSync(join(system, "bundle.pem"), corporate);
    writeFileSync(join(system, "self-signed.pem"), other);
    const { child } = collectRoots({ SSL_CERT_DIR: system, SSL_CERT_FILE: join(system, "bundle.pem") }, [], [join(system, "bundle.pem")]);
    expect(child.map(body)).toEqual([...rootCertificates, corporate].map(body));
  });

  test("that cannot be read are a warning", () => {
    const missing = join(folder, "missing.pem");
    const empty = file("empty.pem", "");
    expect(collectRoots({ GIT_SSL_CAINFO: missing, AWS_CA_BUNDLE: empty, PIP_CERT: "", SSL_CERT_FILE: undefined }, [], []).warnings).toEqual([
      `GIT_SSL_CAINFO names "${missing}", which cannot be read (ENOENT): its certificates are not trusted`,
      `AWS_CA_BUNDLE names "${empty}", which holds no certificate: its certificates are not trusted`,
    ]);
  });

  test.skipIf(process.platform === "win32")("are not waited for at a pipe", () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(collectRoots({ SSL_CERT_FILE: pipe }, []).warnings).toHaveLength(1);
  });

  test("are read from regular files of a bounded length, and not more than so much in all", () => {
    const huge = file("huge.pem", "");
    truncateSync(huge, 9 * 1024 * 1024);
    expect(collectRoots({ SSL_CERT_FILE: huge, PIP_CERT: "/dev/zero" }, [], []).warnings).toEqual([
      `SSL_CERT_FILE names "${huge}", which is larger than 8388608 bytes: its certificates are not trusted`,
      'PIP_CERT names "/dev/zero", which is no regular file: its certificates are not trusted',
    ]);
    const many = join(folder, "many");
    mkdirSync(many);
    for (let index = 0; index < 6; index += 1) writeFileSync(join(many, `${index}.pem`), Buffer.alloc(8 * 1024 * 1024));
    writeFileSync(join(many, "z.pem"), corporate);
    expect(collectRoots({ SSL_CERT_DIR: many }, [], []).childOnly).toEqual([]);
  });
});

test("the file holds all, the run's own first, and is ours alone", () => {
  const path = writeCaFile(folder, [other, `${corporate}\n`], corporate);
  expect(readFileSync(path, "utf8")).toBe([corporate, other, corporate].map((pem) => `${pem.trim()}\n`).join(""));
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(() => writeCaFile(folder, [], corporate)).toThrow(expect.objectContaining({ code: "io" }) as Error);
});
