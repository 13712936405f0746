// What the planning of a file system asks of the disk. Nothing here follows a link, unless it says so.
import type { Dirent, Stats } from "node:fs";
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { listBetween } from "./path-order.ts";

export type EntryKind = "file" | "folder" | "link" | "socket" | "other";

export interface DiskView {
  /** Undefined where there is nothing, or nothing that this user may look at. */
  kindOf(path: string): EntryKind | undefined;
  /** The path without links, for something that exists. */
  realOf(path: string): string | undefined;
  /** Sorted; none where the folder cannot be read. */
  namesIn(folder: string): readonly string[];
  /** The same with their kinds. */
  entriesIn(folder: string): readonly { readonly name: string; readonly kind: EntryKind }[];
  targetOf(link: string): string;
  /** A plain file's text; undefined for everything else and what is longer than 256 KiB. */
  textOf(file: string): string | undefined;
  /** Whether a program of this user finds the way to it, one without power: root has none behind the wall over what belongs to others. */
  isReachable(path: string): boolean;
  /** How many names the file has. */
  namesOf(file: string): number;
  /** Whether both are the same thing on the same disk. */
  areSame(one: string, other: string): boolean;
  /** Changes with the content of a file, and with the names and dates in a folder; undefined where there is nothing. */
  stateOf(path: string): string | undefined;
}

const TEXT_BYTES_MAX = 256 * 1024;

/** The disk as it is now. */
export const disk: DiskView = {
  kindOf(path) {
    const stat = look(path);
    return stat === undefined ? undefined : kindOfEntry(stat);
  },
  realOf: (path) => (existsSync(path) ? find(() => realpathSync.native(path)) : undefined),
  namesIn: (folder) => (existsSync(folder) ? (find(() => readdirSync(folder).sort()) ?? []) : []),
  entriesIn: (folder) => (existsSync(folder) ? (find(() => readdirSync(folder, { withFileTypes: true })) ?? []) : []).map((entry) => ({ name: entry.name, kind: kindOfEntry(entry) })).sort((one, other) => (one.name < other.name ? -1 : 1)),
  targetOf: (link) => find(() => readlinkSync(link)) ?? "",
  textOf: (file) => (existsSync(file) ? find(() => readText(file)) : undefined),
  isReachable: (path) => listBetween("/", path).every((folder) => find(() => isPassable(statSync(folder))) === true),
  namesOf: (file) => look(file)?.nlink ?? 0,
  areSame(one, other) {
    const [first, second] = [look(one), look(other)];
    return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
  },
  stateOf(path) {
    const stat = look(path);
    if (stat === undefined) return undefined;
    const own = `${stat.mode} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
    if (!stat.isDirectory()) return own;
    return [`${stat.mode} ${stat.ino}`, ...this.namesIn(path).map((name) => `${name} ${look(`${path}/${name}`)?.ctimeMs ?? ""}`)].join("\n");
  },
};

/** Most of what is asked for is not there, and an error costs more than a look. */
function look(path: string): Stats | undefined {
  return find(() => lstatSync(path, { throwIfNoEntry: false }));
}

function kindOfEntry(entry: Stats | Dirent): EntryKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  if (entry.isSymbolicLink()) return "link";
  return entry.isSocket() ? "socket" : "other";
}

function isPassable({ uid, gid, mode }: Stats): boolean {
  if (uid === process.geteuid?.()) return (mode & 0o100) !== 0;
  return (mode & (gid === process.getegid?.() ? 0o010 : 0o001)) !== 0;
}

function readText(path: string): string | undefined {
  // Without waiting for whoever might write into a FIFO.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() && stat.size <= TEXT_BYTES_MAX ? readFileSync(descriptor, "utf8") : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined for what cannot be looked at. */
export function find<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
