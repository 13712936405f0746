// How `vault lock` finds every process that holds secrets, though a program in a run may remove, rename or replace any file and socket of its user's: whoever holds some listens,
// for as long as that lasts, at a name of Linux's abstract namespace (unix(7)). Such a name is in no folder. It goes with the socket, and nobody but its process can let go of that.
import { createHash, randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname, join } from "node:path";
import { VaultError } from "../../errors.ts";

export type PresenceKind = "agent" | "run";

export interface Presence {
  /** Says that nothing is held any more. Safe to call twice. */
  withdraw(): void;
}

/** A folder under which `lock` and those whom it is meant for find each other, in two spellings: as it was given, and without links. One in common is enough. */
export type Realm = readonly [given: string, real: string];

/**
 * The realm of a folder, which need not exist. The path counts, and not what stands there now: a program in a run can put another folder in its place,
 * and cannot change how the user names it.
 */
export function realmOf(folder: string): Realm {
  return [tagOf(folder), tagOf(findRealPath(folder))];
}

/** Where systems have no such names, nobody is found: there, this does nothing. @throws VaultError `io`. */
export function announce(kind: PresenceKind, realm: Realm): Presence {
  if (process.platform !== "linux") return { withdraw: () => undefined };
  // Anyone on the machine may knock, and is told nothing.
  const server = createServer((socket) => { socket.destroy(); });
  server.on("error", () => undefined);
  // Binding happens within the call, so that whoever returns from this can be found.
  server.listen({ path: `\0${encodeName(kind, process.pid, Date.now(), realm)}` });
  if (!server.listening) throw new VaultError("io", "cannot listen where vault lock would find this process");
  server.unref();
  return { withdraw: () => { server.close(); } };
}

/** Of at most 107 bytes (unix(7)), and without any that /proc/net/unix would show otherwise. */
function encodeName(kind: PresenceKind, pid: number, sinceMs: number, [given, real]: Realm): string {
  return `vault/${kind}/${pid}/${sinceMs}/${given}/${real}/${randomBytes(4).toString("hex")}`;
}

export interface PresenceName {
  readonly kind: PresenceKind;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Not shorter than it looks: see `ROW` in roll-call.ts. */
const NAME = /^vault\/(?<kind>agent|run)\/(?<pid>[1-9][0-9]{0,9})\/(?<since>[0-9]{13})\/(?<given>[0-9a-f]{16})\/(?<real>[0-9a-f]{16})\/[0-9a-f]{8}$/;

/** What a name says, if it is one of this realm, or of any. Anyone could have chosen it. */
export function findName(text: string, realm: Realm | undefined): PresenceName | undefined {
  const { kind, pid, since, given = "", real = "" } = NAME.exec(text)?.groups ?? {};
  if (kind !== "agent" && kind !== "run") return undefined;
  if (realm !== undefined && !realm.includes(given) && !realm.includes(real)) return undefined;
  return { kind, pid: Number(pid), sinceMs: Number(since) };
}

function tagOf(path: string): string {
  return createHash("sha256").update(`vault realm ${path}`).digest("hex").slice(0, 16);
}

function findRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // It is made later; then its parent tells.
    const parent = dirname(path);
    return parent === path ? path : join(findRealPath(parent), basename(path));
  }
}
