import { Worker } from "node:worker_threads";

// Key derivation keeps this thread busy for most of a second, so the wheel turns in another one.
const WHEEL = `
const { writeSync } = require("node:fs");
const { workerData } = require("node:worker_threads");
const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
let at = 0;
setInterval(() => { writeSync(2, "\\r" + frames[at++ % frames.length] + " " + workerData); }, 80);
`;

/** Shows that something takes its time, where stderr is a terminal. */
export async function withSpinner<T>(label: string, work: () => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY || process.env["TERM"] === "dumb") return work();
  const worker = new Worker(WHEEL, { eval: true, workerData: label, env: {} });
  worker.unref();
  try {
    return await work();
  } finally {
    await worker.terminate();
    process.stderr.write("\r\u001B[K");
  }
}

/** Fewer steps than these are over before a bar is read. */
const PROGRESS_MIN = 500;
const BAR_WIDTH = 30;

/** Draws a bar, where stderr is a terminal, and takes it away when all is done. */
export function showProgress(label: string, done: number, total: number): void {
  if (total < PROGRESS_MIN || !process.stderr.isTTY || process.env["TERM"] === "dumb") return;
  const filled = Math.round((done / total) * BAR_WIDTH);
  const bar = `\r${label} [${"#".repeat(filled)}${" ".repeat(BAR_WIDTH - filled)}] ${done}/${total}`;
  process.stderr.write(done < total ? bar : "\r\u001B[K");
}
