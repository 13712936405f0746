// What a process weighs, as Linux tells it: resident memory and open descriptors.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

export const canWeigh = process.platform === "linux";

/** Resident now. */
export function residentBytes(pid: number): number {
  return readStatus(pid, "VmRSS");
}

export function descriptorCount(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** @returns by how much the process's resident memory grew beyond what it was, at its highest moment. */
export async function peakGrowthOf(pid: number, work: () => Promise<void>): Promise<number> {
  // Makes the highest moment so far now (proc(5), clear_refs).
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const before = residentBytes(pid);
  await work();
  return readStatus(pid, "VmHWM") - before;
}

function readStatus(pid: number, name: "VmRSS" | "VmHWM"): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  if (kibibytes === undefined) throw new Error(`no ${name} of ${pid}`);
  return Number(kibibytes) * 1024;
}
