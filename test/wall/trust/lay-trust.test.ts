import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import type { Mount } from "../../../src/wall/files/mount.ts";
import { formatKeystore, readKeystore } from "../../../src/wall/trust/java-keystore.ts";
import type { TrustRequest } from "../../../src/wall/trust/lay-trust.ts";
import { layTrust } from "../../../src/wall/trust/lay-trust.ts";
import { seesBy } from "../../../src/wall/trust/places.ts";
import { derOfPem, hashSubject } from "../../../src/wall/trust/subject-hash.ts";
import { makeFolder } from "../../support/temporary.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const runCa = makeTestCa().certificate;
const hash = hashSubject(derOfPem(runCa));
const [rootPem = "", otherPem = ""] = rootCertificates;

/** The whole disk, and a folder that is not seen. */
const FILES: Mount[] = [
  { kind: "read-only", source: "/", path: "/" },
  { kind: "empty", path: "/home/u" },
  { kind: "read-only", source: "/home/u/.pyenv", path: "/home/u/.pyenv" },
  { kind: "read-only", source: "/home/u/.sdkman", path: "/home/u/.sdkman" },
  { kind: "writable", source: "/home/u/p", path: "/home/u/p" },
];

/** `path` to what is in the file; a text that begins with `→ ` is what a link leads to. */
type Layout = Readonly<Record<string, string>>;

function makeRoot(layout: Layout): string {
  const root = makeFolder();
  for (const [path, content] of Object.entries(layout)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content.startsWith("→ ")) symlinkSync(content.slice(2), join(root, path));
    else writeFileSync(join(root, path), content);
  }
  return root;
}

/** What is laid over what; of the run's own files only the name. */
function lay(layout: Layout, more: Partial<TrustRequest> = {}): string[] {
  const folder = makeFolder();
  const bundle = join(folder, "ca.pem");
  writeFileSync(bundle, `${runCa}\n${rootPem}\n`);
  const { mounts } = layTrust({ bundle, runCa, folder, home: "/home/u", project: "/home/u/p", variables: {}, files: FILES, root: makeRoot(layout), ...more });
  const laid = mounts.map((mount) => describeMount(mount).replaceAll(`${folder}/`, "RUN/"));
  // Chromium's database, in each home folder that is fresh.
  expect(laid.at(-1)).toBe("writable RUN/trust/pki at /home/u/.pki");
  return laid.slice(0, -1);
}

function describeMount(mount: Mount): string {
  if (mount.kind === "read-only" || mount.kind === "writable") return `${mount.kind} ${mount.source} at ${mount.path}`;
  return mount.kind === "link" ? `link ${mount.path} to ${mount.target}` : `${mount.kind} ${mount.path}`;
}

test("Debian: the bundle, and a folder of links that keep what they lead to", () => {
  const laid = lay({
    "/etc/ssl/certs/ca-certificates.crt": "",
    "/etc/ssl/certs/ISRG.pem": "→ /usr/share/ca-certificates/mozilla/ISRG.crt",
    "/etc/ssl/certs/4042bcee.0": "→ ISRG.pem",
    "/usr/lib/ssl/certs": "→ ../../../etc/ssl/certs",
    "/usr/lib/ssl/cert.pem": "→ ../../../etc/ssl/certs/ca-certificates.crt",
  });
  expect(laid).toEqual([
    "empty /etc/ssl/certs",
    "link /etc/ssl/certs/4042bcee.0 to ISRG.pem",
    "link /etc/ssl/certs/ISRG.pem to /usr/share/ca-certificates/mozilla/ISRG.crt",
    `read-only RUN/trust/run-ca.pem at /etc/ssl/certs/${hash}.0`,
    "read-only RUN/ca.pem at /etc/ssl/certs/ca-certificates.crt",
    "sealed /etc/ssl/certs",
  ]);
});

test("Fedora: the extracted bundle that all others lead to, the folder by hashes, the anchors of p11-kit, and Java's", () => {
  const laid = lay({
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem": "",
    "/etc/pki/ca-trust/extracted/pem/directory-hash/4042bcee.0": "plain",
    "/etc/pki/ca-trust/extracted/java/cacerts": Buffer.from(formatKeystore([derOfPem(rootPem)], 0)).toString("latin1"),
    "/etc/pki/ca-trust/source/anchors/company.pem": "plain",
    "/etc/pki/tls/certs": "→ ../ca-trust/extracted/pem/directory-hash",
    "/etc/pki/ca-trust/extracted/pem/directory-hash/ca-bundle.crt": "→ ../tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem": "→ ../ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/certs": "→ ../pki/tls/certs",
  });
  expect(laid).toEqual([
    "empty /etc/pki/ca-trust/source/anchors",
    "read-only /etc/pki/ca-trust/source/anchors at /etc/pki/ca-trust/source/anchors/.outside",
    "link /etc/pki/ca-trust/source/anchors/company.pem to .outside/company.pem",
    "read-only RUN/trust/run-ca.pem at /etc/pki/ca-trust/source/anchors/vault-run.pem",
    "empty /etc/pki/ca-trust/extracted/pem/directory-hash",
    "read-only /etc/pki/ca-trust/extracted/pem/directory-hash at /etc/pki/ca-trust/extracted/pem/directory-hash/.outside",
    "link /etc/pki/ca-trust/extracted/pem/directory-hash/4042bcee.0 to .outside/4042bcee.0",
    "link /etc/pki/ca-trust/extracted/pem/directory-hash/ca-bundle.crt to ../tls-ca-bundle.pem",
    `read-only RUN/trust/run-ca.pem at /etc/pki/ca-trust/extracted/pem/directory-hash/${hash}.0`,
    "read-only RUN/ca.pem at /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "read-only RUN/trust/java-0.jks at /etc/pki/ca-trust/extracted/java/cacerts",
    "sealed /etc/pki/ca-trust/source/anchors",
    "sealed /etc/pki/ca-trust/extracted/pem/directory-hash",
  ]);
});

test("Alpine: two names of one bundle, covered once", () => {
  const laid = lay({ "/etc/ssl/certs/ca-certificates.crt": "", "/etc/ssl/cert.pem": "→ certs/ca-certificates.crt", "/etc/ssl/certs/ca-cert-x.pem": "→ /usr/share/ca-certificates/mozilla/x.crt" });
  expect(laid.filter((line) => line.includes("RUN/"))).toEqual([`read-only RUN/trust/run-ca.pem at /etc/ssl/certs/${hash}.0`, "read-only RUN/ca.pem at /etc/ssl/certs/ca-certificates.crt"]);
});

test("Arch: links that leave the folder lead where they led, and what they lead to is covered", () => {
  const laid = lay({
    "/etc/ca-certificates/extracted/tls-ca-bundle.pem": "",
    "/etc/ca-certificates/trust-source/anchors/.keep": "",
    "/etc/ssl/certs/ca-certificates.crt": "→ ../../ca-certificates/extracted/tls-ca-bundle.pem",
    "/etc/ssl/certs/4042bcee.0": "→ ../../ca-certificates/extracted/cadir/ISRG.pem",
    "/etc/ssl/cert.pem": "→ ../ca-certificates/extracted/tls-ca-bundle.pem",
  });
  expect(laid).toContain("link /etc/ssl/certs/ca-certificates.crt to ../../ca-certificates/extracted/tls-ca-bundle.pem");
  expect(laid).toContain("link /etc/ssl/certs/4042bcee.0 to ../../ca-certificates/extracted/cadir/ISRG.pem");
  expect(laid).toContain("read-only RUN/ca.pem at /etc/ca-certificates/extracted/tls-ca-bundle.pem");
  expect(laid).toContain("read-only RUN/trust/run-ca.pem at /etc/ca-certificates/trust-source/anchors/vault-run.pem");
});

test("SUSE: its bundle, its folder and its anchors", () => {
  const laid = lay({ "/var/lib/ca-certificates/ca-bundle.pem": "", "/var/lib/ca-certificates/pem/x.pem": "plain", "/etc/ssl/ca-bundle.pem": "→ ../../var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/certs": "→ ../../var/lib/ca-certificates/pem", "/etc/pki/trust/anchors/a": "" });
  expect(laid.filter((line) => line.includes("RUN/"))).toEqual([
    "read-only RUN/trust/run-ca.pem at /etc/pki/trust/anchors/vault-run.pem",
    `read-only RUN/trust/run-ca.pem at /var/lib/ca-certificates/pem/${hash}.0`,
    "read-only RUN/ca.pem at /var/lib/ca-certificates/ca-bundle.pem",
  ]);
});

test("a root with the same hash keeps its number, and the run's takes the next", () => {
  const laid = lay({ [`/etc/ssl/certs/${hash}.0`]: "plain", [`/etc/ssl/certs/${hash}.1`]: "plain" });
  expect(laid).toContain(`read-only RUN/trust/run-ca.pem at /etc/ssl/certs/${hash}.2`);
});

test("the file of a Python's certifi, of the project, of home and of the system, wherever a link of the same name leads", () => {
  const laid = lay({
    "/usr/lib/python3/dist-packages/certifi/cacert.pem": "",
    "/home/u/p/.venv/lib/python3.12/site-packages/certifi/cacert.pem": "",
    "/home/u/.pyenv/versions/3.13.0/lib/python3.13/site-packages/pip/_vendor/certifi/cacert.pem": "",
    "/opt/venv/lib/python3.11/site-packages/botocore/cacert.pem": "",
  }, { variables: { VIRTUAL_ENV: "/opt/venv" } });
  expect(laid).toEqual(["/usr/lib/python3/dist-packages/certifi/cacert.pem", "/opt/venv/lib/python3.11/site-packages/botocore/cacert.pem", "/home/u/p/.venv/lib/python3.12/site-packages/certifi/cacert.pem", "/home/u/.pyenv/versions/3.13.0/lib/python3.13/site-packages/pip/_vendor/certifi/cacert.pem"]
    .map((path) => `read-only RUN/ca.pem at ${path}`).sort((a, b) => laid.indexOf(a) - laid.indexOf(b)));
});

test("the same of a Python on the PATH, wherever it is, and of those in PYENV_ROOT", () => {
  const laid = lay({
    "/opt/python/bin/python3": "→ python3.13",
    "/opt/python/bin/python3.13": "ELF",
    "/opt/python/lib/python3.13/site-packages/certifi/cacert.pem": "",
    "/srv/pyenv/versions/3.12.1/lib/python3.12/site-packages/stripe/data/ca-certificates.crt": "",
  }, { variables: { PATH: "relative:/opt/python/bin", PYENV_ROOT: "/srv/pyenv" } });
  expect(laid.sort()).toEqual(["/opt/python/lib/python3.13/site-packages/certifi/cacert.pem", "/srv/pyenv/versions/3.12.1/lib/python3.12/site-packages/stripe/data/ca-certificates.crt"].map((path) => `read-only RUN/ca.pem at ${path}`));
});

test.each([".venv", "venv", "env"])("the same of a project's %s", (name) => {
  const file = `/home/u/p/${name}/lib/python3.12/site-packages/certifi/cacert.pem`;
  expect(lay({ [file]: "" })).toEqual([`read-only RUN/ca.pem at ${file}`]);
});

test("attack: a link in the project chooses neither which file of the system is covered, nor which of a hidden folder's is shown", () => {
  const store = Buffer.from(formatKeystore([derOfPem(otherPem)], 0)).toString("latin1");
  const layout = {
    "/bin/sh": "ELF",
    "/home/u/.ssh/cacerts": store,
    "/home/u/p/.venv/lib/python3.12/site-packages/certifi/cacert.pem": "→ ../../../../../../../../bin/sh",
    "/home/u/p/jdk/lib/security/cacerts": "→ ../../../../.ssh/cacerts",
  };
  expect(lay(layout, { variables: { JAVA_HOME: "/home/u/p/jdk" } })).toEqual([]);
});

test("what is laid later decides what is seen: over a folder, and again in it", () => {
  const sees = seesBy([...FILES, { kind: "empty", path: "/home/u/p/secret" }, { kind: "nothing", path: "/etc/one" }, { kind: "read-only", source: "/run/copy", path: "/etc/two" }, { kind: "sealed", path: "/home/u" }, { kind: "empty", path: "/home/u/.pyenv" }]);
  expect(["/etc/x", "/home/u/p/a", "/home/u/.sdkman/a"].map(sees)).toEqual([true, true, true]);
  expect(["/home/u/.ssh/a", "/home/u/p/secret/a", "/etc/one", "/etc/two", "/home/u/.pyenv/a"].map(sees)).toEqual([false, false, false, false, false]);
});

test("a JVM keeps what it trusts, and trusts the run as well; one whose store cannot be read trusts what the run does", () => {
  const folder = makeFolder();
  const bundle = join(folder, "ca.pem");
  writeFileSync(bundle, `${runCa}\n${rootPem}\n`);
  const root = makeRoot({ "/opt/a/lib/security/cacerts": "no store", "/usr/bin/java": "→ ../lib/jvm/b/bin/java", "/usr/lib/jvm/b/bin/java": "", "/home/u/.sdkman/candidates/java/c/jre/lib/security/cacerts": "" });
  mkdirSync(join(root, "/usr/lib/jvm/b/lib/security"), { recursive: true });
  writeFileSync(join(root, "/usr/lib/jvm/b/lib/security/cacerts"), formatKeystore([derOfPem(otherPem)], 0));
  const { mounts } = layTrust({ bundle, runCa, folder, home: "/home/u", project: "/p", variables: { PATH: "relative:/usr/bin" }, files: FILES, root });
  const trusted = Object.fromEntries(mounts.filter(({ kind }) => kind !== "writable").map((mount) => [mount.path, "source" in mount ? readKeystore(readFileSync(mount.source)).map((der) => Buffer.from(der).toString("base64")) : []]));
  const plain = (pem: string): string => Buffer.from(derOfPem(pem)).toString("base64");
  expect(trusted).toEqual({
    "/usr/lib/jvm/b/lib/security/cacerts": [plain(runCa), plain(otherPem)],
    "/opt/a/lib/security/cacerts": [plain(runCa), plain(rootPem)],
    "/home/u/.sdkman/candidates/java/c/jre/lib/security/cacerts": [plain(runCa), plain(rootPem)],
  });
});

test("Firefox's policies keep what they say, and install the run's root", () => {
  const folder = makeFolder();
  const bundle = join(folder, "ca.pem");
  writeFileSync(bundle, runCa);
  const root = makeRoot({ "/usr/lib/firefox/distribution/policies.json": `{"policies":{"DisableTelemetry":true,"Certificates":{"Install":["/a.pem"]}}}`, "/usr/lib/firefox/distribution/x.ini": "" });
  const { mounts } = layTrust({ bundle, runCa, folder, home: "/home/u", project: "/p", variables: {}, files: FILES, root });
  expect(mounts.map(describeMount).filter((line) => line.includes(".ini"))).toEqual(["link /usr/lib/firefox/distribution/x.ini to .outside/x.ini"]);
  const written = mounts.find((mount) => mount.path.endsWith("policies.json"));
  expect(JSON.parse(readFileSync(written !== undefined && "source" in written ? written.source : "", "utf8"))).toEqual({ policies: { DisableTelemetry: true, Certificates: { Install: ["/a.pem", join(folder, "trust/run-ca.pem")] } } });
});

test("a machine without any store is left alone, and a folder that takes no file is told", () => {
  expect(lay({})).toEqual([]);
  const folder = makeFolder();
  expect(() => layTrust({ bundle: "/x", runCa, folder: join(folder, "not-there"), home: "/h", project: "/p", variables: {}, files: [] })).toThrow(expect.objectContaining({ code: "io" }));
});
