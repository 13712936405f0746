// What a process's memory holds, where the system lets us look: /proc/PID/mem.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const CHUNK_BYTES = 8 * 1024 * 1024;

export function canReadMemory(): boolean {
  try {
    closeSync(openSync(`/proc/${process.pid}/mem`, "r"));
    return process.platform === "linux" && process.geteuid?.() === 0;
  } catch {
    return false;
  }
}

/** Whether any readable and writable byte of it belongs to one of the needles. */
export function memoryHolds(pid: number, needles: readonly Buffer[]): boolean {
  const maps = readFileSync(`/proc/${pid}/maps`, "latin1").split("\n").filter((line) => / rw/.test(line) && !line.includes("[vvar"));
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const overlap = Math.max(...needles.map(({ length }) => length));
  try {
    for (const line of maps) {
      const [from = 0, to = 0] = (line.split(" ")[0] ?? "").split("-").map((hex) => Number.parseInt(hex, 16));
      for (let at = from; at < to; at += CHUNK_BYTES - overlap) {
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, to - at));
        try {
          readSync(memory, chunk, 0, chunk.length, at);
        } catch {
          continue;
        }
        if (needles.some((needle) => chunk.includes(needle))) return true;
      }
    }
    return false;
  } finally {
    closeSync(memory);
  }
}
