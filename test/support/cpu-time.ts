// Time of this process's own, which is judged against other work in the same run: a machine is slow or busy for both.

/** Milliseconds of a processor. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e3;
}

/** What it takes to parse 16 MiB of plain JSON of small parts, at best. */
export async function jsonMs(): Promise<number> {
  const text = `[${"0,".repeat(8 * 2 ** 20 - 1)}0]`;
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt += 1) fastestMs = Math.min(fastestMs, await cpuMs(() => JSON.parse(text)));
  return fastestMs;
}
