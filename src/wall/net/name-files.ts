// The files by which a system's own library finds names: behind the wall, the wall's name server is all there is, and knows every name. The machine's own list would
// send a program past it, to an address that nobody knows the name of.
import { lstatSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { Mount } from "../files/mount.ts";

const RESOLVER = "nameserver 127.0.0.1\n";
const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Writes them into the run's folder, and says where they are laid. @throws VaultError `io` where the run's folder takes no file. */
export function layNames(folder: string): Mount[] {
  const texts: Readonly<Record<string, string>> = { "resolv.conf": RESOLVER, hosts: formatHosts(hostname()) };
  return Object.entries(texts).flatMap(([name, text]): Mount[] => {
    const place = findPlace(join("/etc", name));
    if (place === undefined) return [];
    const source = join(folder, name);
    try {
      writeFileSync(source, text, { flag: "wx", mode: 0o600 });
    } catch (error) {
      throw new VaultError("io", `cannot write "${source}" (${systemErrorCode(error) ?? "unknown error"})`, "check that the disk is not full");
    }
    return [{ kind: "read-only", source, path: place }];
  });
}

/** Where the file really is: it is often a link into `/run`, which is empty behind the wall. Undefined where there is none; without one, libraries ask 127.0.0.1. */
function findPlace(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? resolve(dirname(path), readlinkSync(path)) : undefined;
  }
}

function formatHosts(ownName: string): string {
  const own = HOST_NAME.test(ownName) ? ` ${ownName}` : "";
  return `127.0.0.1 localhost${own}\n::1 localhost ip6-localhost ip6-loopback\n`;
}
