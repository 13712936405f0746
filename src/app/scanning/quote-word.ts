/** For a POSIX shell, and not to be taken for a flag. */
export function quoteWord(path: string): string {
  if (path.startsWith("-")) return quoteWord(`./${path}`);
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
