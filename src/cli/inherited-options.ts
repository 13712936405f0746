// What an inherited NODE_OPTIONS asks of every Node, and was meant for the program to be run: here it would show this process's memory or environment to others.
import inspector from "node:inspector";

/**
 * Takes back what Node has set up before this program began: an inspector that is open, snapshots of the heap on a signal (`--heapsnapshot-signal`),
 * and reports, which hold the environment (`--report-on-signal` and its like). Call it before anything listens for a signal.
 */
export function forgoInheritedOptions(): void {
  // Whatever the options say: a signal before this line opens one as well. To load the module takes 2 ms.
  inspector.close();
  for (const name of process.eventNames()) if (typeof name === "string" && name.startsWith("SIG")) process.removeAllListeners(name);
  process.report.reportOnSignal = false;
  process.report.reportOnFatalError = false;
  process.report.reportOnUncaughtException = false;
  // Node opens its inspector, to every local user, on a SIGUSR1 that nobody listens for.
  process.on("SIGUSR1", () => undefined);
}
