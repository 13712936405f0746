// What V8 is to do otherwise than by its own measure in a process that moves requests and bodies.
//
// How soon it looks through its whole heap for garbage: bodies pass in buffers of 16 KiB outside of it, which the small, quick collections give back; but what waits
// for one of those counts towards the limit of the large ones, and with a heap as small as a run's each 30 MiB of a body brought one about: a fifth of the whole cost.
//
// How soon it compiles the HTTP parser, one function of WebAssembly, with its optimizing compiler: by its count after the first request, for 80 ms of a core and 40 MB for that long. Most runs make few.
import { setFlagsFromString } from "node:v8";

/** Beyond what is alive, in percent of it: some 40 MB for a run, which is more than ever waits for a quick collection. */
const GROWING_PERCENT = 400;
/** Some twenty requests, or 40 MB of bodies; V8's own measure lets one to six requests pass. */
const WASM_BUDGET = 50_000_000;
/** The newest V8 that this was tried with (Node 26). One that no longer knew a switch would say so on stderr. */
const V8_MAJOR_MAX = 14;
const V8_MAJOR = Number.parseInt(process.versions.v8, 10);
/** As V8 has them: that of Node 20, and later ones. */
const OWN_WASM_BUDGET = V8_MAJOR < 12 ? 1_800_000 : 13_000_000;

let holders = 0;

/**
 * For this process, while somebody wants them. To be called when what a connection takes is loaded: V8 takes no compiled code that was left under other switches, Node's own included.
 *
 * @returns takes them back. The code that V8 leaves compiled at the end of a process is good only for the switches that it was left under.
 */
export function holdSwitches(): () => void {
  if (V8_MAJOR > V8_MAJOR_MAX) return () => undefined;
  holders += 1;
  if (holders === 1) set(GROWING_PERCENT, WASM_BUDGET);
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    holders -= 1;
    if (holders === 0) set(0, OWN_WASM_BUDGET);
  };
}

function set(growingPercent: number, wasmBudget: number): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  setFlagsFromString(`--wasm-tiering-budget=${wasmBudget}`);
}
