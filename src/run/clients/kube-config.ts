// kubectl and its kin take a cluster's roots from their own configuration alone, so that of a cluster at a bound host is handed to a run in a copy.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { readBounded } from "../../disk/bounded-file.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { HostBinding } from "../../vault/host.ts";
import { bindingAllows, findAuthority } from "../../vault/host.ts";

/** Files of clusters, users and contexts, separated as in PATH. */
export const KUBE_VARIABLE = "KUBECONFIG";

const BYTES_MAX = 1024 * 1024;

export interface KubeSurroundings {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly caFile: string;
  readonly boundHosts: readonly HostBinding[];
}

/**
 * Copies each configuration file that names a bound host into the run's private folder, 0600, with the run's roots for the clusters there. What the
 * program changes in such a copy (`kubectl config use-context`) ends with the run.
 *
 * @returns the value for KUBECONFIG; undefined where no file has to be copied.
 * @throws VaultError `io`.
 */
export async function writeKubeConfig(folder: string, { variables, caFile, boundHosts }: KubeSurroundings): Promise<string | undefined> {
  const { [KUBE_VARIABLE]: named = "", HOME: home = "" } = variables;
  const files = named !== "" ? named.split(delimiter) : home === "" ? [] : [join(home, ".kube", "config")];
  const texts = files.map((file) => {
    const read = readBounded(file, BYTES_MAX);
    return read.kind === "read" ? Buffer.from(read.bytes).toString("utf8") : undefined;
  });
  const isAbout = (text: string | undefined): text is string => text !== undefined && boundHosts.some(({ host }) => text.includes(host));
  if (!texts.some(isAbout)) return undefined;
  const { parse } = await import("yaml");
  const roots = readFileSync(caFile).toString("base64");
  return files.map((file, index) => {
    const text = texts[index];
    const config = isAbout(text) ? findConfig(() => parse(text) as unknown) : undefined;
    const copy = config === undefined ? undefined : rewriteConfig(config, dirname(resolve(file)), roots, boundHosts);
    return copy === undefined ? file : writeCopy(join(folder, "kube"), `${index}.json`, JSON.stringify(copy));
  }).join(delimiter);
}

type Members = Readonly<Record<string, unknown>>;

/** With the run's roots for clusters at bound hosts, and with paths that do not depend on where the file stands. Undefined where no cluster is at one. Pure. */
export function rewriteConfig(config: Members, folder: string, roots: string, boundHosts: readonly HostBinding[]): Members | undefined {
  const servers = listOf(config["clusters"]).map((entry) => membersOf(entry["cluster"])["server"]);
  if (!servers.some((server) => isBound(server, boundHosts))) return undefined;
  const clusters = listOf(config["clusters"]).map((entry) => {
    const cluster = membersOf(entry["cluster"]);
    if (!isBound(cluster["server"], boundHosts)) return { ...entry, cluster: withPaths(cluster, folder, ["certificate-authority"]) };
    const kept = Object.entries(cluster).filter(([name]) => !["certificate-authority", "insecure-skip-tls-verify", "proxy-url"].includes(name));
    return { ...entry, cluster: { ...Object.fromEntries(kept), "certificate-authority-data": roots } };
  });
  const users = listOf(config["users"]).map((entry) => ({ ...entry, user: withPaths(membersOf(entry["user"]), folder, ["client-certificate", "client-key", "tokenFile"]) }));
  return { ...config, clusters, users };
}

function isBound(server: unknown, boundHosts: readonly HostBinding[]): boolean {
  if (typeof server !== "string" || !URL.canParse(server)) return false;
  const { protocol, hostname, port } = new URL(server);
  const authority = protocol === "https:" ? findAuthority(`${hostname}:${port === "" ? "443" : port}`) : undefined;
  return authority !== undefined && boundHosts.some((binding) => bindingAllows(binding, authority));
}

/** As kubectl reads them: from the folder of the file. */
function withPaths(members: Members, folder: string, names: readonly string[]): Members {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, names.includes(name) && typeof value === "string" && value !== "" && !isAbsolute(value) ? join(folder, value) : value]));
}

function listOf(value: unknown): Members[] {
  return Array.isArray(value) ? value.map(membersOf) : [];
}

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** What is no YAML is for kubectl to complain about. */
function findConfig(parse: () => unknown): Members | undefined {
  try {
    return membersOf(parse());
  } catch {
    return undefined;
  }
}

function writeCopy(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  try {
    mkdirSync(folder, { mode: 0o700, recursive: true });
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return path;
}
