// Runs the load in a process of its own, so that it does not share an event loop with what it measures.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Contender } from "./contenders.ts";

/** One way of asking. `seconds` are counted after `warmSeconds`. */
export type Load =
  | { readonly kind: "requests"; readonly bodyBytes: number; readonly connections: number; readonly seconds: number; readonly warmSeconds: number }
  | { readonly kind: "connections"; readonly connections: number; readonly seconds: number; readonly warmSeconds: number }
  | { readonly kind: "download" | "upload"; readonly bytes: number };

export interface LoadResult {
  /** Requests, connections, or MiB. */
  readonly count: number;
  readonly seconds: number;
  /** Of the contender's processes. */
  readonly cpuSeconds: number;
  readonly grownMib: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const LOAD = fileURLToPath(new URL("./processes/load.js", import.meta.url));

export async function runLoad(load: Load, target: string, { proxy, credential, pids }: Contender): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [LOAD, JSON.stringify({ ...load, target, proxy, credential, pids })]);
  return JSON.parse(stdout) as LoadResult;
}
