// Which processes of the machine were started with a variable of this value, whoever started them and whatever they are called now (Linux).
import { readFileSync, readdirSync } from "node:fs";

/** @returns their ids. This process, and what it has started without the variable, are not among them. */
export function findProcesses(mark: string): number[] {
  return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name) && environmentOf(name).includes(mark)).map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}
