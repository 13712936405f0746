// So many things at a time, for tests of one file that wait for processes more than they compute.

/** Runs an act when one of the lanes is free. */
export type Lanes = <T>(act: () => Promise<T>) => Promise<T>;

/** @param count two leave the other worker of a machine with two cores its share. */
export function openLanes(count = 2): Lanes {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (act) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
