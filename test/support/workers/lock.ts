// Takes and leaves a lock as it is told, and bears witness: while it holds the lock, it alone has made the file `<lock>-witness`.
import { appendFileSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { FileLock } from "../../../src/disk/file-lock.ts";
import { acquireLock } from "../../../src/disk/file-lock.ts";
import { systemErrorCode, VaultError } from "../../../src/errors.ts";

const [path = "", mode = ""] = process.argv.slice(2);
const witness = `${path.replace(/[^/]*$/, "")}witness`;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

let lock: FileLock | undefined;

async function acquire(waitMs?: number): Promise<void> {
  lock = await acquireLock(path, waitMs);
  bearWitness();
}

/** The witness of a process that was killed is no overlap: its lock died with it. */
function bearWitness(): void {
  try {
    writeFileSync(witness, String(process.pid), { flag: "wx" });
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
    const other = Number(readFileSync(witness, "utf8"));
    if (isRunning(other)) appendFileSync(`${witness}-overlaps`, `${process.pid} with ${other}\n`);
    unlinkSync(witness);
    bearWitness();
  }
}

/** A killed process stays in the table until its parent has noticed. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

function release(): void {
  unlinkSync(witness);
  lock?.release();
}

switch (mode) {
  case "loop":
    for (;;) {
      await acquire();
      appendFileSync(`${witness}-count`, ".");
      await sleep(Math.random() * 2);
      release();
    }
  case "count": {
    for (let round = 0; round < 20; round++) {
      await acquire();
      const counter = `${witness}-counter`;
      const before = Number(readFileSync(counter, "utf8"));
      await sleep(Math.random());
      writeFileSync(counter, String(before + 1));
      release();
    }
    break;
  }
  case "die":
    await acquire();
    appendFileSync(`${witness}-count`, `${process.pid}\n`);
    process.kill(process.pid, "SIGKILL");
    break;
  default:
    say("ready");
    for await (const line of createInterface({ input: process.stdin })) {
      const [word = "", waitMs] = line.split(" ");
      try {
        if (word === "acquire") await acquire(waitMs === undefined ? undefined : Number(waitMs));
        if (word === "release") release();
        if (word === "pass") {
          await acquire();
          await sleep(1);
          release();
        }
        say("done");
      } catch (error) {
        say(error instanceof VaultError ? `${error.code}: ${error.message}` : String(error));
      }
    }
}
