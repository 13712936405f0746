// A value that others follow while the run goes on, all behind one placeholder. The earlier ones are kept for a while: they may still stand in answers.
import type { Secret } from "../../secret.ts";

export interface RenewedValue {
  /** One object for all values: whoever holds it has the newest. */
  readonly value: Secret;
  /** The newest first. */
  readonly earlier: readonly Secret[];
  /** How many values there were before this one. */
  readonly generation: () => number;
  readonly onRenewed: (listener: () => void) => void;
  /** Puts a value in the place of the one that there is. Takes it over. The same value once more is no news. */
  put(next: Secret): void;
}

/** @param value taken over; empty where there is none yet. @param earlierMax how many of the earlier ones are kept. */
export function openRenewedValue(value: Secret, earlierMax: number): RenewedValue {
  const earlier: Secret[] = [];
  const listeners: (() => void)[] = [];
  let generation = 0;
  return {
    value,
    earlier,
    generation: () => generation,
    onRenewed(listener) {
      listeners.push(listener);
    },
    put(next) {
      if (next.equals(value)) {
        next.wipe();
        return;
      }
      if (value.length > 0) earlier.unshift(value.copy());
      for (const forgotten of earlier.splice(earlierMax)) forgotten.wipe();
      value.renew(next);
      generation += 1;
      for (const listener of listeners) listener();
    },
  };
}
