// How soon V8 looks through its whole heap for garbage. Bodies pass in buffers of 16 KiB outside of it, which the small, quick collections give back; but what waits
// for one of those counts towards the limit of the large ones, and with a heap as small as a run's each 30 MiB of a body brought one about: a fifth of the whole cost.
import { setFlagsFromString } from "node:v8";

/** Beyond what is alive, in percent of it: some 40 MB for a run, which is more than ever waits for a quick collection. */
const GROWING_PERCENT = 400;
/** The newest V8 that this was tried with (Node 26). One that no longer knew the flag would say so on stderr. */
const V8_MAJOR_MAX = 14;

/**
 * For this process, from its next large collection on.
 *
 * @returns takes it back. The code that V8 leaves compiled at the end of a process is good only for the switches that it was left under.
 */
export function raiseHeapLimit(): () => void {
  if (Number.parseInt(process.versions.v8, 10) > V8_MAJOR_MAX) return () => undefined;
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  return () => {
    setFlagsFromString("--heap-growing-percent=0");
  };
}
