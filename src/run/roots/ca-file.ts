// Whom a run trusts. Connections outwards carry secrets, so whom they trust is the owner's choice alone; the child also trusts what its environment names.
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { readBounded } from "../../disk/bounded-file.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";
import { keepRoots } from "./kept-roots.ts";
import { FURTHER_TRUST_VARIABLES, TRUST_FOLDER_VARIABLE, TRUST_VARIABLES } from "../clients/trust-variables.ts";

export interface Roots {
  /** PEM: the roots that came with Node, the system's, and the owner's own. Nothing that a variable names: `npm run` sets some as the folder's .npmrc says, which may be a stranger's. Gathered when it is first read. */
  readonly upstream: readonly string[];
  /** PEM, one text or several: what the child trusts beside the run's CA. The same, and what inherited variables name, so that it trusts no fewer than without us. */
  readonly child: readonly string[];
  /** Variables that name certificates for the child alone. */
  readonly childOnly: readonly { readonly variable: string; readonly path: string }[];
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

/** The largest bundles hold some 300 KB; a path that was set by mistake, or by somebody else, may hold anything. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;
/** Of all that variables name. The folder of Debian's roots has 300 files. */
const ALL_BYTES_MAX = 32 * 1024 * 1024;
const ALL_FILES_MAX = 4_000;

/**
 * Gathers roots by splitting text only: parsing some 300 certificates would cost every start 50 ms.
 *
 * @param own PEM texts that the owner has named (`--upstream-ca`, the vault's roots file); each goes on as it is.
 * @param keptIn a private folder in which the child's text is kept for the next run, where there is nothing in it but Node's roots and the system's.
 */
export function collectRoots(variables: Readonly<Record<string, string | undefined>>, own: readonly string[] = [], systemBundles: readonly string[] = SYSTEM_BUNDLES, keptIn?: string): Roots {
  let gathered: Gathered | undefined;
  const gather = (): Gathered => (gathered ??= gatherTrusted(own, systemBundles));
  if (keptIn !== undefined && own.length === 0) {
    const { text, system } = keepRoots(keptIn, systemBundles, () => ({ text: gather().upstream.join("\n"), system: gather().system }));
    if (furtherPaths(variables, system).length === 0) return { get upstream() { return gather().upstream; }, child: [text], childOnly: [], warnings: [] };
  }
  const { found, system, upstream } = gather();
  const ownersCount = found.size;
  const budget: Budget = { bytes: ALL_BYTES_MAX, files: ALL_FILES_MAX };
  const childOnly: { variable: string; path: string }[] = [];
  const warnings: string[] = [];
  for (const [path, variable] of furtherPaths(variables, system)) {
    const before = found.size;
    const problem = addPath(path, found, budget);
    if (problem !== undefined) warnings.push(`${variable} names "${path}", which ${problem}: its certificates are not trusted`);
    if (found.size > before) childOnly.push({ variable, path });
  }
  return { upstream, child: [...upstream, ...[...found].slice(ownersCount).map(formatPem)], childOnly, warnings };
}

interface Gathered {
  /** Without their frames and line breaks; the owner's own among them. */
  readonly found: Set<string>;
  readonly system: string | undefined;
  readonly upstream: readonly string[];
}

function gatherTrusted(own: readonly string[], systemBundles: readonly string[]): Gathered {
  // Those that came with Node: what it trusts by default includes NODE_EXTRA_CA_CERTS.
  const found = new Set(rootCertificates.flatMap(splitPem));
  const system = systemBundles.find((path) => addFile(path, found) === undefined);
  const upstream = [...[...found].map(formatPem), ...own];
  for (const body of own.flatMap(splitPem)) found.add(body);
  return { found, system, upstream };
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

/** Whether a text holds a certificate, as far as its form tells. */
export function holdsCertificate(pem: string): boolean {
  return splitPem(pem).some(isCertificate);
}

/** What variables name beside the system's own: distributions point them at their bundle, and SSL_CERT_DIR at the folder that has each of its certificates once more. */
function furtherPaths(variables: Readonly<Record<string, string | undefined>>, system: string | undefined): [path: string, variable: string][] {
  return [...userPaths(variables)].filter(([path]) => system === undefined || (path !== system && path !== dirname(system)));
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

/** How much of what variables name is read at most. */
interface Budget {
  bytes: number;
  files: number;
}

/** @returns what is wrong with the file, if anything is. */
function addFile(path: string, bodies: Set<string>, budget: Budget = { bytes: FILE_BYTES_MAX, files: 1 }): string | undefined {
  if (budget.files <= 0) return "is one file too many";
  budget.files -= 1;
  const file = readBounded(path, Math.min(FILE_BYTES_MAX, budget.bytes));
  if (file.kind === "unreadable") return file.why;
  budget.bytes -= file.bytes.length;
  const found = splitPem(Buffer.from(file.bytes).toString("latin1"));
  for (const body of found) if (!bodies.has(body) && isCertificate(body)) bodies.add(body);
  return found.some((body) => bodies.has(body)) ? undefined : "holds no certificate";
}

/** Some variables may name a folder (requests, OpenSSL). @returns what is wrong with the path, if anything is. */
function addPath(path: string, bodies: Set<string>, budget: Budget): string | undefined {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return addFile(path, bodies, budget);
    for (const name of readdirSync(path)) addFile(join(path, name), bodies, budget);
    return undefined;
  } catch (error) {
    return `cannot be read (${systemErrorCode(error) ?? "unknown error"})`;
  }
}

/** The blocks of a PEM text (RFC 7468) that say they are certificates, without line breaks; comments and keys are passed over. By `indexOf`: one regular expression for it all takes 7 ms on a system's bundle. */
function splitPem(text: string): string[] {
  const bodies: string[] = [];
  for (let begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + BEGIN.length)) {
    bodies.push(withoutBlanks(text.slice(begin + BEGIN.length, text.indexOf("-----", begin + BEGIN.length))));
  }
  return bodies;
}

/** Nearly always there are line feeds alone, and to cut at them takes a third less. */
function withoutBlanks(block: string): string {
  const joined = block.split("\n").join("");
  return /\s/.test(joined) ? joined.replace(/\s+/g, "") : joined;
}

/** One malformed block would have some programs refuse the whole file, so it must be base64 of a DER sequence of 256 bytes or more: 30 82. */
function isCertificate(body: string): boolean {
  return /^MI[IJKLMNOP][A-Za-z0-9+/]*={0,2}$/.test(body) && body.length % 4 === 0;
}

/** Broken into lines of 64 as RFC 7468 wants them, whatever they were: some programs read no others. */
function formatPem(body: string): string {
  return `${BEGIN}\n${body.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----`;
}
