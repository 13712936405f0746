// Unix sockets that have a path reach through a network namespace: /proc/net/unix lists those that are bound.

/** Paths of the sockets in the text of /proc/net/unix. Those of the abstract namespace stay outside by themselves; a relative path says nothing. */
export function parsePathSockets(text: string): string[] {
  const paths = text.split("\n").slice(1).flatMap((line) => /^\S+ \S+ \S+ \S+ \S+ +\S+ +\d+ (\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(paths)].sort();
}
