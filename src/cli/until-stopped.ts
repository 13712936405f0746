/**
 * For commands that go on until they are told to stop: by SIGINT, SIGTERM or SIGHUP, or because nobody reads stdout any more (`… | head`).
 * Being stopped is their proper end, so their status is 0.
 */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => { controller.abort(); };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, stop);
  process.stdout.on("error", stop);
  try {
    await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
    // The listener for errors stays: a write that is under way may still fail.
  }
}
