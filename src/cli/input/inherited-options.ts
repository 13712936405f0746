// What an inherited NODE_OPTIONS asks of every Node, and was meant for the program to be run: here it would show this process's memory or environment to others.

/** When an inspector is closed that an early signal opens late: Node's own thread may be slow to hear of it. */
const LATE_MS = [5, 20, 100, 500, 2000];

/**
 * Takes back what Node has set up before this program began: an inspector that is open, snapshots of the heap on a signal (`--heapsnapshot-signal`),
 * and reports, which hold the environment (`--report-on-signal` and its like); in a run, what leads a program's connections to that run's proxy (run/node-preload.ts).
 * Call it before anything listens for a signal.
 */
export function forgoInheritedOptions(): void {
  // Node opens its inspector, to every local user, on a SIGUSR1 that nobody listens for. From here on somebody does, without a gap.
  process.on("SIGUSR1", ignore);
  for (const name of process.eventNames()) {
    if (typeof name !== "string" || !name.startsWith("SIG")) continue;
    for (const listener of process.listeners(name as NodeJS.Signals)) if (listener !== ignore) process.off(name, listener);
  }
  // Whatever the options say: a signal before this line opens one as well.
  const close = findInspectorClose();
  close();
  // Of one signal Node is told twice: at once, and when it next looks for events, which opens what was closed here.
  setImmediate(close);
  for (const delayMs of LATE_MS) setTimeout(close, delayMs).unref();
  process.report.reportOnSignal = false;
  process.report.reportOnFatalError = false;
  process.report.reportOnUncaughtException = false;
  const undoPreload: unknown = Reflect.get(process, Symbol.for("vaultrun.preload"));
  if (typeof undoPreload === "function") Reflect.apply(undoPreload, process, []);
}

/** `inspector.close`, which is this function of the process; to load the module, with what it needs, takes a millisecond. */
function findInspectorClose(): () => void {
  const own: unknown = Reflect.get(process, "_debugEnd");
  return typeof own === "function" ? () => { Reflect.apply(own, process, []); } : process.getBuiltinModule("node:inspector").close;
}

function ignore(): void {
  // The signal is for the program that is run.
}
