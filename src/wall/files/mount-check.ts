// Whether what was mounted is what was decided. Between the look at the disk and the mount, a program that runs in the same project can put a link to elsewhere in the place of a
// folder, and mounts follow links. So they are looked at when they stand, and before the program starts: the kernel names the folder that each really shows.
import type { Mount } from "./mount.ts";
import type { MountPoint } from "./mount-points.ts";
import { findPlace } from "./mount-points.ts";

/** What the kernel puts behind the name of a file that somebody has replaced since: it was there when it was mounted. */
const REPLACED = /\/\/deleted$/;

export type Misplaced =
  /** Something else is shown than was meant. */
  | { readonly kind: "exchanged"; readonly path: string; readonly source: string }
  /** Nothing lies over what was to be hidden. */
  | { readonly kind: "bare"; readonly path: string };

/**
 * @param outside the mounts of this process. @param inside those of the program's space.
 * @returns the first path where it is not as was meant; undefined where there is none. Pure.
 */
export function findMisplaced(mounts: readonly Mount[], outside: readonly MountPoint[], inside: readonly MountPoint[]): Misplaced | undefined {
  const found = new Map(inside.map((point) => [point.path, point]));
  const planned = new Map(mounts.map((mount) => [mount.path, mount]));
  for (const mount of planned.values()) {
    if (mount.kind !== "writable" && mount.kind !== "read-only") continue;
    const point = found.get(mount.path);
    if (point === undefined && mount.kind === "read-only" && mount.mayGo === true) continue;
    const meant = findPlace(mount.source, outside);
    if (point === undefined || meant === undefined || point.device !== meant.device || point.root.replace(REPLACED, "") !== meant.root) return { kind: "exchanged", path: mount.path, source: mount.source };
  }
  const bare = [...planned.values()].find(({ kind, path }) => (kind === "empty" || kind === "nothing" || kind === "sealed") && !found.has(path));
  return bare === undefined ? undefined : { kind: "bare", path: bare.path };
}
