// Ends connections of the child's that take too long over something: one clock for all of them.
import type { ChildConnection } from "./child-connection.ts";

export interface ConnectionWatch {
  watch(connection: ChildConnection): void;
  close(): void;
}

const INTERVAL_MS = 1_000;

/** @param headMs the shortest time that any of them is given. */
export function openConnectionWatch(headMs: number): ConnectionWatch {
  const watched = new Set<ChildConnection>();
  const timer = setInterval(() => {
    const now = performance.now();
    for (const connection of watched) {
      connection.checkTime(now);
      if (connection.isOver) watched.delete(connection);
    }
  }, Math.min(INTERVAL_MS, headMs)).unref();
  return {
    watch(connection) {
      watched.add(connection);
    },
    close() {
      clearInterval(timer);
    },
  };
}
