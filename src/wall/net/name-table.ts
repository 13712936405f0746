// Which name an address behind the wall stands for. Each name that is asked for gets an address of its own, so that the connection to it tells what was meant.
//
// Once given, an address stands for its name as long as the run lives: a program that keeps it for hours must not come to another host by it. So the table is full some day,
// which only a program that means it will see, and then further names have no address. The hosts of the run's secrets have theirs from the start.

export interface NameTable {
  /** Of a canonical name; the same name has the same one. Undefined where none is left for it. */
  readonly addressOf: (name: string) => string | undefined;
  /** Undefined where no name was given it. @param address as dotted numbers. */
  readonly nameOf: (address: string) => string | undefined;
  readonly size: () => number;
}

/** 127.1.0.1 to 127.1.255.254. Below, programs have addresses of their own (127.0.0.1, 127.0.1.1, 127.0.0.53). */
export const NAMES_MAX = 65_534;
const FORM = /^127\.1\.(\d{1,3})\.(\d{1,3})$/;

/** @param reserved canonical names which have an address whatever happens. */
export function openNameTable(reserved: Iterable<string>): NameTable {
  const numbers = new Map<string, number>();
  const names: string[] = [];
  const numberOf = (name: string): number | undefined => {
    const known = numbers.get(name);
    if (known !== undefined || names.length >= NAMES_MAX) return known;
    names.push(name);
    numbers.set(name, names.length);
    return names.length;
  };
  for (const name of reserved) numberOf(name);
  return {
    addressOf(name) {
      const number = numberOf(name);
      return number === undefined ? undefined : `127.1.${number >> 8}.${number & 0xff}`;
    },
    nameOf(address) {
      const [, high, low] = FORM.exec(address) ?? [];
      return high === undefined || low === undefined ? undefined : names[(Number(high) << 8) + Number(low) - 1];
    },
    size: () => names.length,
  };
}
