// The same files may be seen at several places: /proc/self/mountinfo says at which.
import { isBelow, isWithin } from "./path-order.ts";

/** One mounted file system, or a part of one. */
export interface MountPoint {
  /** The file system, as `major:minor`. */
  readonly device: string;
  /** What of the file system is seen here: a path in it. */
  readonly root: string;
  readonly path: string;
}

/** Lines of proc_pid_mountinfo(5), in the order in which they were mounted. What is malformed is left out. */
export function parseMountInfo(text: string): MountPoint[] {
  return text.split("\n").flatMap((line) => {
    const [, , device, root, path] = line.split(" ");
    return device === undefined || root === undefined || path === undefined ? [] : [{ device, root: unescape(root), path: unescape(path) }];
  });
}

/**
 * Every further path at which something can be seen, as the whole or a part of it: `/data/u/.ssh` for `/home/u/.ssh`, where `/home` is a bind mount of `/data`.
 * What is covered by a later mount is in the list as well.
 */
export function listAliases(path: string, points: readonly MountPoint[]): string[] {
  const parts = [findMount(path, points), ...points.filter((point) => isBelow(point.path, path))];
  const aliases = parts.flatMap((part) => {
    if (part === undefined) return [];
    const hidden = isWithin(path, part.path) ? join(part.root, path.slice(part.path === "/" ? 0 : part.path.length)) : part.root;
    return points.filter((other) => other.device === part.device).flatMap((other) => {
      if (isWithin(hidden, other.root)) return [join(other.path, hidden.slice(other.root === "/" ? 0 : other.root.length))];
      return isBelow(other.root, hidden) ? [other.path] : [];
    });
  });
  return [...new Set(aliases)].filter((alias) => !isWithin(alias, path));
}

/** Where something really is: the file system, and the path in it. Undefined where no mount shows it. */
export function findPlace(path: string, points: readonly MountPoint[]): { readonly device: string; readonly root: string } | undefined {
  const mount = findMount(path, points);
  return mount === undefined ? undefined : { device: mount.device, root: join(mount.root, path.slice(mount.path === "/" ? 0 : mount.path.length)) };
}

/** The mount that shows the path: of those around it the deepest, and of several there the last. */
function findMount(path: string, points: readonly MountPoint[]): MountPoint | undefined {
  return points.reduce<MountPoint | undefined>((best, point) => (isWithin(path, point.path) && (best === undefined || point.path.length >= best.path.length) ? point : best), undefined);
}

function join(folder: string, rest: string): string {
  if (rest === "" || rest === "/") return folder;
  return folder === "/" ? rest : `${folder}${rest}`;
}

function unescape(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
