// What a walled program's file system is made of, and how bubblewrap is told.

/** One step of a file system, in order: a later one lies over an earlier. Paths are absolute and without links. */
export type Mount =
  /** Of what may have gone by the time of its mount, nothing is there then. */
  | { readonly kind: "read-only"; readonly source: string; readonly path: string; readonly mayGo?: boolean }
  | { readonly kind: "writable"; readonly source: string; readonly path: string }
  /** A fresh file system in memory: of half the machine's memory, unless a size in bytes is given. */
  | { readonly kind: "empty"; readonly path: string; readonly bytesMax?: number }
  /** A file that reads as empty and keeps nothing. */
  | { readonly kind: "nothing"; readonly path: string }
  | { readonly kind: "link"; readonly target: string; readonly path: string }
  /** What is mounted at this path takes no more writes: the mounts in it keep theirs. */
  | { readonly kind: "sealed"; readonly path: string };

/** Arguments of bubblewrap, for `--args`: none of them can be taken for an option, since every path begins with a slash. */
export function formatMounts(mounts: readonly Mount[]): string[] {
  return mounts.flatMap(formatMount);
}

function formatMount(mount: Mount): string[] {
  switch (mount.kind) {
    case "read-only":
      return [mount.mayGo === true ? "--ro-bind-try" : "--ro-bind", mount.source, mount.path];
    case "writable":
      return ["--bind", mount.source, mount.path];
    case "empty":
      return [...(mount.bytesMax === undefined ? [] : ["--size", String(mount.bytesMax)]), "--tmpfs", mount.path];
    case "nothing":
      return ["--ro-bind", "/dev/null", mount.path];
    case "link":
      return ["--symlink", mount.target, mount.path];
    case "sealed":
      return ["--remount-ro", mount.path];
  }
}
