// How paths stand to each other. All are absolute, without links, and without a slash at their end.

/** Whether the path is the folder or something in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder);
}

/** Whether the path is something in the folder, and not the folder. */
export function isBelow(path: string, folder: string): boolean {
  return folder === "/" ? path !== "/" : path.startsWith(`${folder}/`);
}

/** The folders between the two, both left out, the highest first. */
export function listBetween(folder: string, path: string): string[] {
  const parts = path.slice(folder === "/" ? 1 : folder.length + 1).split("/");
  const start = folder === "/" ? "" : folder;
  return parts.slice(0, -1).map((_, index) => `${start}/${parts.slice(0, index + 1).join("/")}`);
}

/** Sorts a folder before what is in it. */
export function comparePaths(one: string, other: string): number {
  const shared = Math.min(one.length, other.length);
  let at = 0;
  while (at < shared && one[at] === other[at]) at += 1;
  if (at === shared) return one.length - other.length;
  if (one[at] === "/" || other[at] === "/") return one[at] === "/" ? -1 : 1;
  return one.charCodeAt(at) - other.charCodeAt(at);
}

/** The nearest of the paths that is the path or a folder above it. */
export function findNearest<T>(path: string, known: ReadonlyMap<string, T>): { readonly path: string; readonly value: T } | undefined {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf("/")) || "/") {
    const value = known.get(at);
    if (value !== undefined) return { path: at, value };
    if (at === "/") return undefined;
  }
}
