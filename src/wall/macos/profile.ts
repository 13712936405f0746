// The wall of macOS as text: a profile for sandbox-exec, in which what is not allowed is denied, and of two rules for one thing the later counts.
import { dirname } from "node:path";
import { VaultError } from "../../errors.ts";
import { isBelow } from "../files/path-order.ts";

export interface MacWall {
  /** The proxy's, and those of this machine's loopback that the person has named. The program reaches no other port of any machine. */
  readonly ports: readonly number[];
  /** Paths are real ones, since a profile is held against what links lead to. Folders, with all that is in them, or files. */
  readonly writable: readonly string[];
  /** Files that programs replace by renaming: what begins with such a path is writable. */
  readonly replaced: readonly string[];
  /** In what is writable, and not to be written, whether it is there or not. */
  readonly protected: readonly string[];
  /** Neither to be read nor to be looked at. */
  readonly hidden: readonly string[];
  /** In what is hidden, and to be read all the same: the run's own files. */
  readonly shown: readonly string[];
  /** A folder for what does not last. */
  readonly temporary: string;
}

/**
 * What programs need of the system's services. Left out are those that act outside for whoever asks them: launchd and LaunchServices (which start programs), the keychain (which holds passwords),
 * the pasteboard, Apple events, and trustd (which fetches what a certificate names: a way out).
 */
const SERVICES = [
  "com.apple.bsd.dirhelper",
  "com.apple.FontObjectsServer",
  "com.apple.fonts",
  "com.apple.logd",
  "com.apple.PowerManagement.control",
  "com.apple.SystemConfiguration.configd",
  "com.apple.SystemConfiguration.DNSConfiguration",
  "com.apple.system.logger",
  "com.apple.system.notification_center",
  "com.apple.system.opendirectoryd.libinfo",
  "com.apple.system.opendirectoryd.membership",
] as const;

const PROCESSES = [
  "(allow process-exec)",
  "(allow process-fork)",
  "(allow process-info* (target same-sandbox))",
  "(allow signal (target same-sandbox))",
  "(allow mach-priv-task-port (target same-sandbox))",
  "(allow sysctl-read)",
  "(allow user-preference-read)",
  "(allow ipc-posix-sem)",
  "(allow ipc-posix-shm)",
  "(allow pseudo-tty)",
  `(allow mach-lookup ${SERVICES.map((name) => `(global-name "${name}")`).join(" ")})`,
] as const;

const DEVICES = ["/dev/null", "/dev/zero", "/dev/tty", "/dev/ptmx", "/dev/dtracehelper"] as const;
const TERMINALS = String.raw`(regex #"^/dev/ttys[0-9]+$")`;

/**
 * @returns the profile, a line for each rule.
 * @throws VaultError `usage` for a path with a control character that no profile can spell.
 */
export function formatProfile({ ports, writable, replaced, protected: kept, hidden, shown, temporary }: MacWall): string {
  const devices = `${DEVICES.map(literal).join(" ")} ${TERMINALS}`;
  return [
    "(version 1)",
    "(deny default)",
    ...PROCESSES,
    "(allow file-read*)",
    `(allow file-write-data file-ioctl ${devices})`,
    ...rule("allow file-write*", [...writable.map(subpath), ...replaced.map((path) => `(prefix ${quote(path)})`)]),
    // By renaming a folder above it (which unlinks that folder), what is protected would get another name, and its old one be free.
    ...rule("deny file-write-unlink", [...new Set([...kept, ...hidden].flatMap((path) => foldersAbove(path, writable)))].map(literal)),
    ...rule("deny file-write*", kept.map(subpath)),
    // A server of the program's own can be asked from outside, on this machine's loopback alone.
    `(allow network-bind network-inbound (local ip "localhost:*"))`,
    ...rule("allow network-outbound", ports.map((port) => `(remote ip "localhost:${port}")`)),
    ...rule("deny file-read* file-write* process-exec", hidden.map(subpath)),
    ...rule("allow file-read*", shown.map(subpath)),
    ...rule("allow file-read* file-write*", [subpath(temporary)]),
    "",
  ].join("\n");
}

/** No rule where it would have no filter, since it would be one for everything. */
function rule(head: string, filters: readonly string[]): string[] {
  return filters.length === 0 ? [] : [`(${head} ${filters.join(" ")})`];
}

function foldersAbove(path: string, writable: readonly string[]): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); writable.some((root) => isBelow(folder, root)); folder = dirname(folder)) folders.push(folder);
  return folders;
}

function subpath(path: string): string {
  return `(subpath ${quote(path)})`;
}

function literal(path: string): string {
  return `(literal ${quote(path)})`;
}

/** A string of the profile's language, Scheme. A path is a stranger's: it may hold whatever ends a string, and begins a rule. */
function quote(path: string): string {
  const escaped = path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  if (/[\u0000-\u001f\u007f]/.test(escaped)) throw new VaultError("usage", `the path ${JSON.stringify(path)} has a control character, which a sandbox profile cannot spell`, "rename it, or run without --sandbox");
  return `"${escaped}"`;
}
