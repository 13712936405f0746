// A relay that does to connections what networks do, when a test says so.
import type { Relay } from "./relay.ts";
import { openRelay } from "./relay.ts";

/**
 * `pass`: all goes through. `cut-answer`: questions go through, and at the first byte of an answer both sides are cut. `cut-question`: the first half of the next piece goes through, then both are cut.
 * `silent`: whatever comes is held back, and nobody is told.
 */
export type RelayMode = "pass" | "cut-answer" | "cut-question" | "silent";

export interface CuttingRelay extends Relay {
  /** For connections that are open as well. */
  set(mode: RelayMode): void;
}

export async function openCuttingRelay(toPort: number): Promise<CuttingRelay> {
  let mode: RelayMode = "pass";
  const relay = await openRelay(toPort, (near, far, cut) => {
    near.on("data", (chunk: Buffer) => {
      if (mode === "silent") return;
      if (mode === "cut-question") far.write(chunk.subarray(0, chunk.length / 2), cut);
      else far.write(chunk);
    });
    far.on("data", (chunk: Buffer) => {
      if (mode === "silent") return;
      if (mode === "cut-answer") cut();
      else near.write(chunk);
    });
  });
  return { ...relay, set(next) { mode = next; } };
}
