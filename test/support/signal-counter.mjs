// A program for tests: counts the signals that it gets. Half a second after the first it prints them and ends with 40.
import { constants } from "node:os";

const counts = {};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"]) {
  process.on(signal, (_name, number) => {
    if (number !== constants.signals[signal]) throw new Error("not the signal it says");
    counts[signal] = (counts[signal] ?? 0) + 1;
    setTimeout(() => {
      console.log(`total ${JSON.stringify(counts)}`);
      process.exit(40);
    }, 500);
  });
}
setInterval(() => undefined, 1000);
console.log("ready");
