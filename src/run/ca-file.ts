// Whom a run trusts: the roots of Node, of the system and of the user, in one file together with the run's own.
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { VaultError, systemErrorCode } from "../errors.ts";
import { FURTHER_TRUST_VARIABLES, TRUST_FOLDER_VARIABLE, TRUST_VARIABLES } from "./trust-variables.ts";

export interface Roots {
  /** PEM, one certificate each, without duplicates. */
  readonly certificates: readonly string[];
  /** For the user: files that should have held roots and did not. */
  readonly warnings: readonly string[];
}

/** Where systems keep theirs (the places that Go's crypto/x509 looks at); the first that is there counts. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/etc/ssl/cert.pem",
  "/opt/homebrew/etc/ca-certificates/cert.pem",
] as const;

const BEGIN = "-----BEGIN CERTIFICATE-----";

/** The largest bundles hold some 300 KB; a path that was set by mistake may hold anything. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Gathers the roots that the user's programs would trust without us, so that with us they trust no fewer.
 * By splitting text only: parsing some 300 certificates would cost every start 50 ms.
 */
export function collectRoots(variables: Readonly<Record<string, string | undefined>>, systemBundles: readonly string[] = SYSTEM_BUNDLES): Roots {
  const found = new Set(rootCertificates.flatMap(splitPem));
  const warnings: string[] = [];
  const add = (text: string): boolean => {
    const bodies = splitPem(text);
    for (const body of bodies) if (!found.has(body) && isCertificate(body)) found.add(body);
    return bodies.some((body) => found.has(body));
  };
  const system = systemBundles.find((path) => addQuietly(path, add));
  for (const [path, name] of userPaths(variables)) {
    // Distributions point variables at their own bundle, and SSL_CERT_DIR at the folder that has each of its certificates once more.
    if (system !== undefined && (path === system || path === dirname(system))) continue;
    const problem = addUserPath(path, add);
    if (problem !== undefined) warnings.push(`${name} names "${path}", ${problem}: its certificates are not trusted`);
  }
  return { certificates: [...found].map(formatPem), warnings };
}

/**
 * Writes the file that every trust variable of the child names: 0600, the run's own root first.
 *
 * @returns its path.
 * @throws VaultError `io`.
 */
export function writeCaFile(folder: string, roots: readonly string[], runCa: string): string {
  const path = join(folder, "ca.pem");
  try {
    writeFileSync(path, [runCa, ...roots].map((pem) => `${pem.trimEnd()}\n`).join(""), { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return path;
}

/** Each path once, with the first variable that names it. */
function userPaths(variables: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const paths = new Map<string, string>();
  const note = (path: string, name: string): void => {
    if (path !== "" && !paths.has(path)) paths.set(path, name);
  };
  for (const name of [...TRUST_VARIABLES, ...FURTHER_TRUST_VARIABLES]) note(variables[name] ?? "", name);
  for (const path of (variables[TRUST_FOLDER_VARIABLE] ?? "").split(delimiter)) note(path, TRUST_FOLDER_VARIABLE);
  return paths;
}

function addQuietly(path: string, add: (text: string) => boolean): boolean {
  try {
    return add(readBounded(path));
  } catch {
    return false;
  }
}

/** @returns what is wrong with the path, if anything is. Some variables may name a folder (requests, OpenSSL). */
function addUserPath(path: string, add: (text: string) => boolean): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return add(readBounded(path)) ? undefined : "which holds no certificate";
    for (const name of readdirSync(path)) addQuietly(join(path, name), add);
    return undefined;
  } catch (error) {
    return `which cannot be read (${systemErrorCode(error) ?? "not a file, or too large"})`;
  }
}

/** Regular files only: reading a pipe could wait for ever. */
function readBounded(path: string): string {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > FILE_BYTES_MAX) throw new Error("not a regular file, or too large");
  return readFileSync(path, "latin1");
}

/** The blocks of a PEM text (RFC 7468) that say they are certificates, without line breaks; comments and keys are passed over. By `indexOf`: one regular expression for it all takes 7 ms on a system's bundle. */
function splitPem(text: string): string[] {
  const bodies: string[] = [];
  for (let begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + BEGIN.length)) {
    bodies.push(text.slice(begin + BEGIN.length, text.indexOf("-----", begin + BEGIN.length)).replace(/\s+/g, ""));
  }
  return bodies;
}

/** One malformed block would have some programs refuse the whole file, so it must be base64 of a DER sequence of 256 bytes or more: 30 82. */
function isCertificate(body: string): boolean {
  return /^MI[IJKLMNOP][A-Za-z0-9+/]*={0,2}$/.test(body) && body.length % 4 === 0;
}

/** Broken into lines of 64 as RFC 7468 wants them, whatever they were: some programs read no others. */
function formatPem(body: string): string {
  return `${BEGIN}\n${body.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----`;
}
