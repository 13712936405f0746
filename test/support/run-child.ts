// A program for tests: starts its arguments as the child of a run and ends with its status. `--hold` first has it hold signals until its standard input ends.
import { once } from "node:events";
import { startChild } from "../../src/run/child/child.ts";
import { statusOf } from "../../src/run/child/exit-outcome.ts";
import { holdSignals } from "../../src/run/child/signals.ts";

const isHolding = process.argv[2] === "--hold";
const [command = "", ...args] = process.argv.slice(isHolding ? 3 : 2);
const environment = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
if (isHolding) {
  const signals = holdSignals();
  console.log("holding");
  await once(process.stdin.resume(), "end");
  process.exitCode = statusOf(await startChild({ command, args, environment, signals }).ended);
  signals.close();
} else {
  process.exitCode = statusOf(await startChild({ command, args, environment }).ended);
}
