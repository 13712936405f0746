/**
 * For commands that go on until they are told to stop: by SIGINT, SIGTERM or SIGHUP, or because nobody reads stdout any more (`… | head`).
 * Being stopped is their proper end, so their status is 0.
 */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => { controller.abort(); };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  // The listeners stay, since the process ends next: a write that is under way may still fail, and timeout(1) sends its signal twice, to the program and to its group.
  for (const signal of signals) process.on(signal, stop);
  process.stdout.on("error", stop);
  await work(controller.signal);
}
