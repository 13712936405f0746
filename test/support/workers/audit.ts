// Appends to a log (`append FOLDER KIND TIMES [PART_BYTES]`), records in a segment until it is killed or fails (`segment FOLDER RUN BYTES`), or once, to die long after (`once FOLDER RUN`).
import { setTimeout as sleep } from "node:timers/promises";
import { EMPTY_CHAIN } from "../../../src/audit/entry.ts";
import { appendToLog } from "../../../src/audit/log.ts";
import { openSegment } from "../../../src/audit/segment.ts";
import { VaultError } from "../../../src/errors.ts";

const [act = "", folder = "", name = "", size = "1", partBytes] = process.argv.slice(2);
const key = new Uint8Array(32).fill(1);

async function run(): Promise<void> {
  if (act === "append") {
    for (let time = 0; time < Number(size); time++) await appendToLog(folder, { kind: name }, { key, vouched: EMPTY_CHAIN, now: new Date() }, partBytes === undefined ? undefined : Number(partBytes));
    return;
  }
  const segment = openSegment(folder, name, EMPTY_CHAIN.hash, key);
  for (let entry = 1; ; entry++) {
    segment.enter({ kind: "use", detail: "x".repeat(Number(size)) });
    segment.flush();
    await sleep(0);
    console.log(entry);
    if (act === "once") {
      await sleep(1300);
      process.kill(process.pid, "SIGKILL");
    }
  }
}

run().catch((error: unknown) => {
  console.log(error instanceof VaultError ? `${error.code}: ${error.message}` : String(error));
  process.exit(1);
});
