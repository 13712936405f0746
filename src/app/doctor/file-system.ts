// Where the files lie: file systems that other machines share, and folders that a service copies elsewhere.
import { realpathSync, statfsSync } from "node:fs";
import type { Finding } from "./finding.ts";
import { note, ok, problem } from "./finding.ts";

/** What statfs(2) calls the file systems that are not a disk of this machine (linux/magic.h and the drivers' sources). */
const FILE_SYSTEMS: ReadonlyMap<number, { readonly name: string; readonly trait: "network" | "foreign" | "volatile" }> = new Map([
  [0x6969, { name: "NFS", trait: "network" }],
  [0x517b, { name: "SMB", trait: "network" }],
  [0xff534d42, { name: "CIFS", trait: "network" }],
  [0xfe534d42, { name: "SMB2", trait: "network" }],
  [0x5346414f, { name: "AFS", trait: "network" }],
  [0x73757245, { name: "Coda", trait: "network" }],
  [0x00c36400, { name: "Ceph", trait: "network" }],
  [0x01021997, { name: "9p", trait: "foreign" }],
  [0x65735546, { name: "FUSE", trait: "foreign" }],
  [0x786f4256, { name: "a VirtualBox shared folder", trait: "foreign" }],
  [0x01021994, { name: "tmpfs", trait: "volatile" }],
  [0x858458f6, { name: "ramfs", trait: "volatile" }],
]);

/** Folder names by which synchronising services go, on all systems. */
const SYNC_FOLDERS: readonly { readonly service: string; readonly name: RegExp }[] = [
  { service: "Dropbox", name: /^Dropbox( \(.*\))?$/i },
  { service: "OneDrive", name: /^OneDrive( ?-.*)?$/i },
  { service: "iCloud", name: /^(iCloud ?Drive|Mobile Documents|com~apple~CloudDocs)$/i },
  { service: "Google Drive", name: /^(Google ?Drive|DriveFS)( ?-.*)?$/i },
  { service: "Nextcloud", name: /^Nextcloud$/i },
  { service: "ownCloud", name: /^ownCloud$/i },
  { service: "pCloud", name: /^pCloud ?Drive$/i },
  { service: "a cloud storage service", name: /^CloudStorage$/i },
];

export interface Holding {
  readonly what: string;
  readonly path: string;
  /** Whether it holds the key: then a copy elsewhere opens the vault. */
  readonly hasKey: boolean;
}

/** The service that copies what is at a path, as far as its name tells. */
export function findSyncService(path: string): string | undefined {
  const parts = path.split(/[/\\]/);
  return SYNC_FOLDERS.find(({ name }) => parts.some((part) => name.test(part)))?.service;
}

/** Judges one folder by its real path and the number of its file system, undefined where that is not known. */
export function judgeHolding({ what, path, hasKey }: Holding, magic: number | undefined): Finding[] {
  const findings: Finding[] = [];
  const service = findSyncService(path);
  if (service !== undefined && hasKey) {
    findings.push(problem("file-system", "unsafe-file", `${what} "${path}" is in a folder of ${service}, which copies the key to other machines`, "keep the key elsewhere, or have a passphrase instead: vault rotate-master --new-provider file --file-path FILE"));
  } else if (service !== undefined) {
    findings.push(note("file-system", `${what} "${path}" is in a folder of ${service}, which may put an older copy back; such a vault is refused as rolled back`, "set VAULT_DIR to a folder that is not synchronised"));
  }
  const system = magic === undefined ? undefined : FILE_SYSTEMS.get(magic >>> 0);
  if (system === undefined) return findings;
  switch (system.trait) {
    case "network":
    case "foreign":
      findings.push(note("file-system", `${what} "${path}" is on ${system.name}, ${hasKey ? "where another machine may read the key, and " : ""}where locks and fsync may mean less than on a disk of this machine`, "set VAULT_DIR to a folder on a local disk"));
      break;
    case "volatile":
      findings.push(note("file-system", `${what} "${path}" is on ${system.name}, and is gone after a restart`, "set VAULT_DIR to a folder on a disk"));
  }
  return findings;
}

export function examineFileSystems(holdings: readonly Holding[]): Finding[] {
  const findings = holdings.flatMap((holding) => {
    const path = findRealPath(holding.path);
    return path === undefined ? [] : judgeHolding({ ...holding, path }, findMagic(path));
  });
  return findings.length > 0 ? findings : [ok("file-system", "everything is on a disk of this machine, and in no folder that is synchronised")];
}

/** A link may lead into a synchronised folder. */
function findRealPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Only Linux gives its file systems numbers that mean the same everywhere. */
function findMagic(path: string): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return statfsSync(path).type;
  } catch {
    return undefined;
  }
}
