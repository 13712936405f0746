// What every process that is measured starts with. Whatever else this shell has, such as NODE_EXTRA_CA_CERTS, which makes each start of Node read a file of roots, would be measured with it.

/** @param home where it finds no settings of this machine's user, and may write. */
export function cleanEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: home, TMPDIR: home };
}
