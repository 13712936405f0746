// Python's programs of a run reach the bound hosts through the proxy and trust its root, whatever library they use: see python-site-script.ts for how.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { HostBinding } from "../../vault/host.ts";
import { PYTHON_SITE } from "./python-site-script.ts";

/** The variable that makes Python look into our folder first. */
export const PYTHON_VARIABLE = "PYTHONPATH";

export interface PythonSite {
  /** `http://user:token@127.0.0.1:port`. */
  readonly proxyUrl: string;
  /** The merged file of roots, and the PEM of the run's own alone. */
  readonly caFile: string;
  readonly root: string;
  readonly boundHosts: readonly HostBinding[];
}

/**
 * Writes the module into the run's private folder, 0600. The user's own `sitecustomize` is loaded after it.
 *
 * @returns the folder to stand first in PYTHONPATH.
 * @throws VaultError `io`.
 */
export function writePythonSite(folder: string, { proxyUrl, caFile, root, boundHosts }: PythonSite): string {
  const path = join(folder, "python");
  const { hostname, port, username, password } = new URL(proxyUrl);
  const settings = {
    proxyHost: hostname,
    proxyPort: Number(port),
    authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}`,
    caFile,
    root,
    hosts: portsByHost(boundHosts),
  };
  try {
    mkdirSync(path, { mode: 0o700 });
    // JSON with escapes for all but ASCII is Python, too, as long as it has no true, false and null.
    writeFileSync(join(path, "sitecustomize.py"), `${PYTHON_SITE}\nstart(${asciiJson(settings)}, __file__.rpartition("/")[0])\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return path;
}

/** `example.com`, `*.example.com` and addresses without brackets, with the ports that are bound. */
function portsByHost(bindings: readonly HostBinding[]): Record<string, number[]> {
  const hosts: Record<string, number[]> = {};
  for (const { host, port, wildcard } of bindings) (hosts[`${wildcard ? "*." : ""}${host}`] ??= []).push(port);
  return hosts;
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
