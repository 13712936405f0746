// Who asks what waits, and answers. The agent cannot see who is at the other end of a socket: Node does not tell. So whoever wants to answer listens at an abstract name (unix(7)) that goes with this one
// connection, and the kernel says which process holds that. A process below a `vault run`, or one with a run's environment, is no person.
//
// A speed bump, and no wall: a program of the same user that has left both, by a daemon of the user's say, is not recognised. Behind the wall there is neither the socket nor such a daemon.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { encodeHex, utf8 } from "../../bytes.ts";
import { findAncestors } from "../../disk/process-identity.ts";
import { VaultError } from "../../errors.ts";
import { hmacSha256 } from "../../vault/derive.ts";
import { findHolders, findPresent, readListeners } from "../presence/roll-call.ts";
import type { Nonces } from "../wire/handshake.ts";

/** What only the two ends of a connection know. */
export interface Connection extends Nonces {
  readonly token: Uint8Array;
}

export interface Announcement {
  /** Safe to call twice. */
  close(): void;
}

/** As a run's folder is called, which its variables name: `outer-run.ts` of the run has the same. */
const RUN_FOLDER = /[/\\]run-[0-9]+-[0-9a-f]{16}(?:[/\\:]|$)/;

/** Says that this process is at the end of a connection. Where systems have no such names, this does nothing. @throws VaultError `io`. */
export function announcePerson(connection: Connection): Announcement {
  if (process.platform !== "linux") return { close: () => undefined };
  const server = createServer((socket) => { socket.destroy(); });
  server.on("error", () => undefined);
  server.listen({ path: `\0${nameOf(connection)}` });
  if (!server.listening) throw new VaultError("io", "cannot listen where the agent would find this process");
  server.unref();
  return { close: () => { server.close(); } };
}

/** Whether a process has announced itself for this connection, and none that holds the name is below a run. Elsewhere than on Linux, nobody can tell, and this is true. */
export function isPerson(connection: Connection): boolean {
  if (process.platform !== "linux") return true;
  try {
    const inode = readListeners().get(nameOf(connection));
    if (inode === undefined) return false;
    return isOutsideRuns(inode);
  } catch {
    // The kernel does not tell: then it is not known to be one.
    return false;
  }
}

/** Whether processes hold this socket, and none of them is below a run. @throws VaultError `io` where the kernel does not tell. */
export function isOutsideRuns(inode: string): boolean {
  const holders = findHolders(inode);
  const runs = new Set(findPresent("run", undefined).map(({ pid }) => pid));
  return holders.length > 0 && holders.flatMap((pid) => [pid, ...findAncestors(pid)]).every((pid) => !runs.has(pid) && !hasRunVariables(pid));
}

/** By the environment that a process was started with: it can leave it out. Those of other users tell nothing, and are above no run of this one's. */
function hasRunVariables(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").some((variable) => RUN_FOLDER.test(variable));
  } catch {
    return false;
  }
}

/** Of at most 107 bytes, and without any that /proc/net/unix would show otherwise. */
function nameOf({ token, agent, client }: Connection): string {
  return `vault/person/${encodeHex(hmacSha256(token, new Uint8Array([...utf8("vault/1 person"), ...agent, ...client]))).slice(0, 48)}`;
}
