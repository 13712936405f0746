// Browsers look into no file of the system's: Chromium reads NSS's database in the home folder, and Firefox what its policies name.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBounded } from "../../disk/bounded-file.ts";
import type { Mount } from "../files/mount.ts";
import type { Places } from "./places.ts";
import { formatNssDatabase } from "./nss-database.ts";
import { derOfPem } from "./subject-hash.ts";
import { coverFolder } from "./system-stores.ts";

/** Where Chromium and its like look, below the home folder. */
const DATABASE_PARENT = ".pki";
const DATABASE = "nssdb";

/** Of Firefox as systems install it: policies are read from a file in it. */
const POLICY_FOLDERS = ["/usr/lib/firefox/distribution", "/usr/lib/firefox-esr/distribution", "/usr/lib64/firefox/distribution", "/opt/firefox/distribution", "/etc/firefox/policies"] as const;
const POLICY_FILE = "policies.json";
const POLICY_BYTES_MAX = 1024 * 1024;

/**
 * Makes a database that trusts the run's root, in place of the user's own, which may hold keys.
 *
 * @returns nothing where it cannot be made: then Chromium trusts no bound host.
 */
export function coverNssDatabase(folder: string, home: string, runCa: string): Mount[] {
  const database = formatNssDatabase(derOfPem(runCa), "vault run");
  if (database === undefined) return [];
  const source = join(folder, "pki");
  mkdirSync(join(source, DATABASE), { recursive: true, mode: 0o700 });
  writeFileSync(join(source, DATABASE, "cert9.db"), database.certificates, { flag: "wx", mode: 0o600 });
  writeFileSync(join(source, DATABASE, "key4.db"), database.keys, { flag: "wx", mode: 0o600 });
  return [{ kind: "writable", source, path: join(home, DATABASE_PARENT) }];
}

/** A policy beside those that are there: to trust the run's root, in every profile. */
export function coverFirefoxPolicies(places: Places, folder: string, runCa: string): Mount[] {
  return places.realPaths(POLICY_FOLDERS).flatMap((path, number) => {
    const place = join(path, POLICY_FILE);
    const source = join(folder, `firefox-${number}.json`);
    const file = readBounded(places.onDisk(place), POLICY_BYTES_MAX);
    writeFileSync(source, addAuthority(file.kind === "read" ? Buffer.from(file.bytes).toString("utf8") : "{}", runCa), { flag: "wx", mode: 0o600 });
    return coverFolder(places, path, source, new Set([place]), () => POLICY_FILE);
  });
}

/** @param text of a policy file; one that is not JSON counts for nothing with Firefox either. */
function addAuthority(text: string, certificate: string): string {
  const document = parseObject(text);
  const policies = objectIn(document["policies"]);
  const certificates = objectIn(policies["Certificates"]);
  const installed: unknown[] = Array.isArray(certificates["Install"]) ? certificates["Install"] : [];
  return JSON.stringify({ ...document, policies: { ...policies, Certificates: { ...certificates, Install: [...installed, certificate] } } });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return objectIn(JSON.parse(text));
  } catch {
    return {};
  }
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
