// Why this machine lets nobody make a wall, and what its owner can do: from what the kernel says of itself, and bubblewrap's words.
import { existsSync, readFileSync } from "node:fs";

export interface Obstacle {
  /** Lower-case, without a full stop. */
  readonly cause: string;
  /** What to type. */
  readonly fix: string;
}

/** Undefined: this kernel has no such setting. */
export interface KernelFacts {
  readonly maxUserNamespaces: number | undefined;
  /** Debian's and Arch's own. */
  readonly unprivilegedClone: number | undefined;
  /** Ubuntu's own, since 23.10. */
  readonly apparmorRestriction: number | undefined;
  /** Whether this process is under a filter of system calls, as in a container. */
  readonly isFiltered: boolean;
  readonly isRoot: boolean;
  readonly isContainer: boolean;
}

export function readKernelFacts(): KernelFacts {
  return {
    maxUserNamespaces: readNumber("/proc/sys/user/max_user_namespaces"),
    unprivilegedClone: readNumber("/proc/sys/kernel/unprivileged_userns_clone"),
    apparmorRestriction: readNumber("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
    isFiltered: /^Seccomp:\s*2$/m.test(readQuietly("/proc/self/status")),
    isRoot: process.geteuid?.() === 0,
    isContainer: existsSync("/.dockerenv") || existsSync("/run/.containerenv"),
  };
}

/** Settings that forbid namespaces whatever bubblewrap would say. Pure. */
export function judgeKernel({ maxUserNamespaces, unprivilegedClone, isRoot }: KernelFacts): Obstacle | undefined {
  if (maxUserNamespaces === 0) return { cause: "this machine forbids user namespaces: user.max_user_namespaces is 0", fix: "sudo sysctl user.max_user_namespaces=15000, and the same line in /etc/sysctl.d/ to keep it" };
  if (unprivilegedClone === 0 && !isRoot) return { cause: "this machine forbids user namespaces to ordinary users: kernel.unprivileged_userns_clone is 0", fix: "sudo sysctl kernel.unprivileged_userns_clone=1, and the same line in /etc/sysctl.d/ to keep it" };
  return undefined;
}

/** A profile that takes nothing away and lets bubblewrap make user namespaces: as Ubuntu has them for browsers. AppArmor from 4.0 on knows this rule, and older ones forbid nothing. */
function allowByProfile(bubblewrap: string): string {
  return `printf '%s\\n' 'abi <abi/4.0>, include <tunables/global> profile bwrap "${bubblewrap}" flags=(unconfined) { userns, }' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap`;
}

/**
 * Why bubblewrap ended before there was anything. Pure.
 *
 * @param words what it said. @param path the bubblewrap's.
 */
export function judgeRefusal(words: string, facts: KernelFacts, path: string): Obstacle {
  const said = `bubblewrap says: ${words.trim().split("\n").at(-1) ?? ""}`;
  const isForbidden = /permission|not permitted|denied/i.test(words);
  if (/mount proc/i.test(words)) return { cause: `a part of /proc is covered, as in a container, so that no new one can be mounted (${said})`, fix: "run the container with --security-opt systempaths=unconfined" };
  if (isForbidden && facts.apparmorRestriction === 1 && !facts.isRoot) return { cause: `AppArmor forbids user namespaces to programs without a profile (${said})`, fix: allowByProfile(path) };
  if (isForbidden && (facts.isFiltered || facts.isContainer)) return { cause: `a filter of system calls forbids user namespaces, as in a container (${said})`, fix: "run the container with --security-opt seccomp=unconfined, or with a profile that allows clone, unshare, mount and pivot_root" };
  if (/ENOSPC|max_.*_namespaces/i.test(words)) return { cause: `there are too many namespaces, or too many within each other (${said})`, fix: "raise user.max_user_namespaces, user.max_net_namespaces and user.max_pid_namespaces with sysctl" };
  if (isForbidden) return { cause: `this machine forbids user namespaces (${said})`, fix: "ask who looks after it to allow unprivileged user namespaces for bwrap" };
  return { cause: `no wall can be made here (${said})`, fix: "vault doctor --sandbox" };
}

function readNumber(path: string): number | undefined {
  const text = readQuietly(path).trim();
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
