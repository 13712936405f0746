// Who is at the other end of a connection on loopback, as far as Linux tells it: whether a process of this run's is.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** A connection from `127.0.0.1:peerPort` to `127.0.0.1:ownPort`. */
export interface LoopbackConnection {
  readonly peerPort: number;
  readonly ownPort: number;
}

/** What a person is shown. */
const PROGRAMS_MAX = 8;

/** Columns of `/proc/net/tcp`: see proc_net_tcp(5) and the kernel's `Documentation/networking/proc_net_tcp.rst`. */
const [LOCAL, REMOTE, UID, INODE] = [1, 2, 7, 9] as const;

/** Looks at the processes that descend from one. */
export interface PeerCheck {
  /** Whether the connection's other end is held by one of them. */
  readonly isOwn: (connection: LoopbackConnection) => boolean;
  /** The programs of the one that holds it and of those above it, the nearest first, by the names of their files: what a process calls itself is its own word. Empty where none of them holds it. */
  readonly findPrograms: (connection: LoopbackConnection) => string[];
}

/**
 * Asks the kernel, so that no program can claim it: the connection's socket must be held by a process that descends from `root`. One that has been handed on
 * to init (a daemon) does not count any more, and neither does anything where there is no `/proc`, or in a network namespace of its own.
 *
 * @param root the id of a process, which counts itself.
 * @param uid the user whose processes may count; others' are sent away before any process is looked at.
 */
export function openPeerCheck(root: number, uid: number | undefined, proc = "/proc"): PeerCheck {
  // Browsers leave all their connections to one process.
  let lastHolder: number | undefined;
  const findHolder = (connection: LoopbackConnection): { readonly pid: number; readonly parents: ReadonlyMap<number, number> } | undefined => {
    const inode = findPeerInode(readQuietly(`${proc}/net/tcp`), connection, uid);
    if (inode === undefined) return undefined;
    const link = `socket:[${inode}]`;
    const parents = readParents(proc);
    const candidates = [...(lastHolder === undefined ? [] : [lastHolder]), ...parents.keys()].filter((pid) => descends(pid, root, parents));
    lastHolder = candidates.find((pid) => holds(proc, pid, link));
    return lastHolder === undefined ? undefined : { pid: lastHolder, parents };
  };
  return {
    isOwn: (connection) => findHolder(connection) !== undefined,
    findPrograms: (connection) => {
      const holder = findHolder(connection);
      if (holder === undefined) return [];
      const programs: string[] = [];
      for (let pid: number | undefined = holder.pid; pid !== undefined && pid !== root && programs.length < PROGRAMS_MAX; pid = holder.parents.get(pid)) programs.push(nameOfProgram(proc, pid));
      return programs;
    },
  };
}

function nameOfProgram(proc: string, pid: number): string {
  try {
    return basename(readlinkSync(`${proc}/${pid}/exe`));
  } catch {
    return "unknown";
  }
}

/** The inode of the socket at the peer's end, from the text of `/proc/net/tcp`. Pure. */
export function findPeerInode(table: string, { peerPort, ownPort }: LoopbackConnection, uid: number | undefined): string | undefined {
  const [local, remote] = [loopback(peerPort), loopback(ownPort)];
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/\s+/);
    const inode = columns[INODE];
    // A socket that no process holds any more has inode 0.
    if (columns[LOCAL] === local && columns[REMOTE] === remote && columns[UID] === String(uid) && inode !== undefined && inode !== "0") return inode;
  }
  return undefined;
}

/** An address as it stands in memory on little-endian machines, which all of ours are. */
function loopback(port: number): string {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Whether the way up from a process leads to another. Pure. */
export function descends(pid: number, root: number, parents: ReadonlyMap<number, number>): boolean {
  const seen = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !seen.has(at); at = parents.get(at)) {
    if (at === root) return true;
    seen.add(at);
  }
  return false;
}

/** Each process's parent. The name in a `stat` may hold spaces and brackets, and ends at the last one. */
function readParents(proc: string): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of namesIn(proc)) {
    if (!/^[1-9][0-9]*$/.test(name)) continue;
    const stat = readQuietly(`${proc}/${name}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 1).trim().split(" ")[1]);
    if (Number.isSafeInteger(parent)) parents.set(Number(name), parent);
  }
  return parents;
}

function holds(proc: string, pid: number, link: string): boolean {
  return namesIn(`${proc}/${pid}/fd`).some((descriptor) => {
    try {
      return readlinkSync(`${proc}/${pid}/fd/${descriptor}`) === link;
    } catch {
      // It was closed meanwhile.
      return false;
    }
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No /proc, a process that has ended, or one of another user's.
    return [];
  }
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
