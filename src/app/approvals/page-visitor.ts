// Who is at the other end of a connection to the page where requests are approved. Its token is in a file for a moment, which a program of the same user can read: so the kernel is asked as well.
import { readFileSync } from "node:fs";
import { isOutsideRuns } from "../../agent/approvals/person-proof.ts";
import { findPeerInode } from "../../run/peer-process.ts";

/** Whether the kernel says whose a connection is. */
export const canTellVisitors = process.platform === "linux";

/** Whether a process that no run is above holds it. Elsewhere than on Linux nobody can tell, and this is true. */
export function isVisitorOutside(connection: { readonly peerPort: number; readonly ownPort: number }): boolean {
  if (!canTellVisitors) return true;
  try {
    const inode = findPeerInode(readFileSync("/proc/net/tcp", "latin1"), connection, process.getuid?.());
    return inode !== undefined && isOutsideRuns(inode);
  } catch {
    return false;
  }
}
