// The arguments of the inner bubblewrap, which gets them by a descriptor: neither values of variables nor names of files stand on a command line. Pure.
import { VaultError } from "../../errors.ts";
import type { Mount } from "../files/mount.ts";
import { formatMounts } from "../files/mount.ts";
import { ASIDE, DESCRIPTORS } from "./outer-script.ts";

export interface InnerSpace {
  /** Begins with what stands at `/`. */
  readonly mounts: readonly Mount[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly uid: number;
  readonly gid: number;
  /** Whether this bubblewrap can limit file systems in memory. */
  readonly hasSizes: boolean;
}

/** Who lies behind the wall finds this file, and no vault. */
export const MARKER = "/run/vault-wall";

/**
 * Of the kernel's switches, /proc asks for nothing but root's own number, which root has in here as well: core_pattern names a program that runs outside. bubblewrap looks whether the folders can be written, and they cannot; the files can.
 * For others they are closed anyway, and a cover would keep programs from a /proc of their own in namespaces of their own.
 */
const ROOTS_SWITCHES = ["sys", "sysrq-trigger", "irq", "bus", "fs", "scsi", "acpi", "asound"].map((name) => `/proc/${name}`);

/** bubblewrap takes 9,000 words in all, its own included. */
const WORDS_MAX = 8_900;

/** Read-only in some shells, or no name to any, or bubblewrap's own. A shell takes no orders from these. */
const NOT_ASIDE = /^(?![A-Za-z_][A-Za-z0-9_]*$)|^(?:UID|EUID|PPID|GROUPS|SHELLOPTS|BASHOPTS|BASH_VERSINFO|PWD|_)$/;

/**
 * @param alone where there is no outer bubblewrap: the PATH of the wall's own shell, which begins with none of the program's variables.
 * @throws VaultError `usage` for more words than bubblewrap takes.
 */
export function formatInnerWords({ mounts, environment, folder, uid, gid, hasSizes }: InnerSpace, alone?: { readonly path: string }): Uint8Array {
  const [root, ...others] = hasSizes ? mounts : mounts.map(withoutSize);
  const words = [
    ...["--unshare-user", "--uid", String(uid), "--gid", String(gid), "--cap-drop", "ALL", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent"],
    ...(alone === undefined ? [] : ["--unshare-net"]),
    ...["--seccomp", String(DESCRIPTORS.filter), "--json-status-fd", String(DESCRIPTORS.status)],
    ...formatMounts(root === undefined ? [] : [root]),
    // Above the root, and beneath what is to lie in them.
    ...["--proc", "/proc", "--dev", "/dev"],
    ...(uid === 0 ? ROOTS_SWITCHES.flatMap((path) => ["--ro-bind-try", path, path]) : []),
    ...formatMounts(others),
    // bubblewrap gives it no size. What is in it can be used, and nothing be added; /dev/shm is a file system of its own.
    ...["--remount-ro", "/dev"],
    "--clearenv",
    ...Object.entries(alone === undefined ? environment : { ...putAside(environment), PATH: alone.path }).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--chdir", folder],
  ];
  if (words.length > WORDS_MAX) throw new VaultError("usage", `bubblewrap takes ${WORDS_MAX} words, and the files and variables of this run are ${words.length}`);
  return Buffer.from(words.map((word) => `${word}\0`).join(""));
}

function putAside(environment: InnerSpace["environment"]): Record<string, string> {
  const variables = Object.entries(environment);
  const aside = variables.filter(([name]) => !NOT_ASIDE.test(name)).map(([name, value], index) => [`${ASIDE}${index}`, `${name}=${value}`]);
  return Object.fromEntries([...variables.filter(([name]) => NOT_ASIDE.test(name)), ...aside]) as Record<string, string>;
}

function withoutSize(mount: Mount): Mount {
  return mount.kind === "empty" ? { kind: mount.kind, path: mount.path } : mount;
}
