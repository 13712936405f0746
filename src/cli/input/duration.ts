import { VaultError } from "../../errors.ts";

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
// setTimeout's limit, which is also far longer than a key should lie about.
const MAX_MS = 2 ** 31 - 1;

/** Milliseconds of `90s`, `15m`, `8h` or `1d`. @throws VaultError `usage`. */
export function parseDuration(text: string, flag: string): number {
  const ms = findDuration(text);
  if (ms === undefined) throw new VaultError("usage", `${flag} takes a time such as 90s, 15m, 8h or 1d, up to 24d`);
  return ms;
}

/** The same, or undefined. */
export function findDuration(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,6})([smhd])$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  return ms <= MAX_MS ? ms : undefined;
}
