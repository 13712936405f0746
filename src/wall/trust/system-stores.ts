// Where systems keep the roots that their programs trust, and how a run's own is laid over them.
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Mount } from "../files/mount.ts";
import type { Places } from "./places.ts";
import type { PreparedFolders } from "./prepared-folders.ts";

/** One file with every root: of Debian, Alpine, Arch and Gentoo; Fedora and its like; SUSE; Void, NixOS; and of what is built by hand. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/ssl/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/tls/cert.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/var/lib/ca-certificates/ca-bundle.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
  "/usr/local/ssl/cert.pem",
  "/usr/local/etc/openssl/cert.pem",
  "/home/linuxbrew/.linuxbrew/etc/ca-certificates/cert.pem",
  "/nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt",
] as const;

/** Folders in which OpenSSL looks a root up by the hash of its name, and Go reads every file. */
const HASHED_FOLDERS = ["/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted/pem/directory-hash", "/var/lib/ca-certificates/openssl", "/var/lib/ca-certificates/pem", "/usr/local/ssl/certs", "/usr/lib/ssl/certs"] as const;

/** Folders whose files p11-kit trusts, and with it GnuTLS and NSS where a system asks it: of Fedora, Arch and SUSE. */
const ANCHOR_FOLDERS = ["/etc/pki/ca-trust/source/anchors", "/etc/ca-certificates/trust-source/anchors", "/etc/pki/trust/anchors"] as const;

const ANCHOR_NAME = "vault-run.pem";
/** For links; what they lead to lies elsewhere. */
const FOLDER_BYTES_MAX = 8 * 1024 * 1024;
/** Where a folder that is covered shows what was in it. OpenSSL, Go and p11-kit read files only, and pass it over. */
const OUTSIDE = ".outside";

export function findSystemBundles(places: Places): string[] {
  return places.realPaths(BUNDLES);
}

/**
 * Folders of certificates as they are, with one more in each: a fresh one over the folder, with a link for each entry.
 *
 * @param runCa the path of a file that holds the run's root alone.
 * @param hash of its subject.
 * @param covered files over which another file is laid afterwards: in a fresh folder, that makes their place.
 * @param prepared where copies of large folders are had from.
 */
export function coverFolders(places: Places, runCa: string, hash: string, covered: ReadonlySet<string>, prepared?: PreparedFolders): Mount[] {
  const anchors = places.realPaths(ANCHOR_FOLDERS);
  const hashed = places.realPaths(HASHED_FOLDERS).filter((path) => !anchors.includes(path));
  return [...anchors.flatMap((path) => coverFolder(places, path, runCa, covered, () => ANCHOR_NAME)), ...hashed.flatMap((path) => prepared?.cover(path, runCa, covered, (isTaken) => freeName(hash, isTaken)) ?? coverFolder(places, path, runCa, covered, (names) => freeName(hash, (name) => names.has(name))))];
}

/**
 * A fresh folder over one that is there, with its entries and one file more.
 *
 * @param covered files over which another is laid later.
 * @param nameOf the further file's, from the names that are there.
 */
export function coverFolder(places: Places, path: string, file: string, covered: ReadonlySet<string>, nameOf: (taken: ReadonlySet<string>) => string): Mount[] {
  const mounts: Mount[] = [];
  let showsOutside = false;
  const names = new Set<string>();
  try {
    for (const entry of readdirSync(places.onDisk(path), { withFileTypes: true })) {
      names.add(entry.name);
      const place = join(path, entry.name);
      // A relative link leads where it led, since the folder keeps its place.
      if (entry.isSymbolicLink()) mounts.push({ kind: "link", target: readlinkSync(places.onDisk(place)), path: place });
      else if (entry.isDirectory()) mounts.push({ kind: "read-only", source: place, path: place });
      else if (entry.isFile() && !covered.has(place)) {
        showsOutside = true;
        mounts.push({ kind: "link", target: `${OUTSIDE}/${entry.name}`, path: place });
      }
    }
  } catch {
    // Not a folder, or not to be read: then the programs do not read it either.
    return [];
  }
  const outside: Mount[] = showsOutside ? [{ kind: "read-only", source: path, path: join(path, OUTSIDE) }] : [];
  return [{ kind: "empty", path, bytesMax: FOLDER_BYTES_MAX }, ...outside, ...mounts, { kind: "read-only", source: file, path: join(path, nameOf(names)) }];
}

/** Roots with the same hash are numbered, and OpenSSL stops at the first number that is missing. */
function freeName(hash: string, isTaken: (name: string) => boolean): string {
  for (let number = 0; ; number += 1) if (!isTaken(`${hash}.${number}`)) return `${hash}.${number}`;
}
