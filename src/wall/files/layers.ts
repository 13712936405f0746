// A file system as it is planned: at most one mount at a path, each lying over those of the folders above it.
import type { DiskView } from "./disk-view.ts";
import type { Mount } from "./mount.ts";
import { comparePaths, findNearest, listBetween } from "./path-order.ts";

/** More than that many mounts for one folder are slow, and bubblewrap takes 9,000 arguments. */
const ENTRIES_MAX = 512;

/** How a path of the disk is seen at the same path inside: not at all where nothing of the disk is mounted there. @param mounts by their paths; none of them "sealed". */
export function showingOf(path: string, mounts: ReadonlyMap<string, Mount>): { readonly kind: "read-only" | "writable"; readonly path: string } | undefined {
  const nearest = findNearest(path, mounts);
  if (nearest === undefined || (nearest.value.kind !== "read-only" && nearest.value.kind !== "writable")) return undefined;
  return nearest.value.source === nearest.path ? { kind: nearest.value.kind, path: nearest.path } : undefined;
}

export class Layers {
  readonly #at = new Map<string, Mount>();
  readonly #sealed = new Set<string>();
  readonly #view: DiskView;

  constructor(view: DiskView) {
    this.#view = view;
  }

  /** Replaces what has been planned for the same path. */
  put(mount: Mount): void {
    if (mount.kind === "sealed") this.#sealed.add(mount.path);
    else this.#at.set(mount.path, mount);
  }

  has(path: string): boolean {
    return this.#at.has(path);
  }

  showing(path: string): ReturnType<typeof showingOf> {
    return showingOf(path, this.#at);
  }

  /**
   * Makes something in a writable folder that may not be changed. Each folder between becomes a mount of its own as well:
   * otherwise it could be renamed, and another be made in its place.
   */
  pin(mount: Mount): void {
    const around = this.showing(mount.path);
    if (around?.kind === "writable") for (const path of listBetween(around.path, mount.path)) if (!this.has(path)) this.put({ kind: "writable", source: path, path });
    this.put(mount);
  }

  /** Shows a folder as an empty one. */
  cover(path: string): void {
    this.pin({ kind: "empty", path, bytesMax: 4096 });
    this.put({ kind: "sealed", path });
  }

  /**
   * Takes a file out of the folder that it is in: the folder becomes one in memory, with everything else mounted into it.
   * A mount over the file alone would end when somebody outside puts another file in its place, and show that one.
   */
  takeOut(path: string, isHidden: (path: string) => boolean): void {
    if (!this.hold(path.slice(0, path.lastIndexOf("/")), isHidden)) this.put({ kind: "nothing", path });
  }

  /** Shows a folder as it is now: it becomes one in memory, with everything but what is hidden mounted into it. @returns false, with nothing done, for the root and what has too many entries. */
  hold(folder: string, isHidden: (path: string) => boolean): boolean {
    const entries = this.#view.namesIn(folder).map((name) => `${folder}/${name}`);
    if (folder === "" || folder === "/" || entries.length > ENTRIES_MAX) return false;
    this.put({ kind: "empty", path: folder, bytesMax: 4096 * (entries.length + 1) });
    this.put({ kind: "sealed", path: folder });
    for (const entry of entries) if (!isHidden(entry) && !this.has(entry)) this.show(entry);
    return true;
  }

  /** Shows an entry of a folder in memory as it is on the disk. Sockets, FIFOs and devices stay outside. */
  show(path: string): void {
    const kind = this.#view.kindOf(path);
    if (kind === "link") this.put({ kind: "link", target: this.#view.targetOf(path), path });
    else if (kind === "folder" || kind === "file") this.put({ kind: "read-only", source: path, path, mayGo: true });
  }

  /** In the order in which they are to be mounted. */
  list(): Mount[] {
    const mounts = [...this.#at.values()].sort((one, other) => comparePaths(one.path, other.path));
    return [...mounts, ...[...this.#sealed].filter((path) => this.#at.get(path)?.kind === "empty").sort(comparePaths).map((path): Mount => ({ kind: "sealed", path }))];
  }
}
