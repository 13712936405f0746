// DER (ITU-T X.690): the few types that a certificate is made of.
import { concatBytes, utf8 } from "../../bytes.ts";

/** One encoded value: tag, length, contents. */
export type Der = Uint8Array;

export function derSequence(...items: readonly Der[]): Der {
  return tagged(0x30, concatBytes(...items));
}

export function derSet(...items: readonly Der[]): Der {
  return tagged(0x31, concatBytes(...items));
}

/** A non-negative integer from its big-endian bytes, in the fewest that hold it (X.690 section 8.3). */
export function derInteger(bytes: Uint8Array): Der {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? new Uint8Array(1) : bytes.subarray(first);
  return tagged(0x02, (digits[0] ?? 0) >= 0x80 ? concatBytes(new Uint8Array(1), digits) : digits);
}

export function derBoolean(value: boolean): Der {
  return tagged(0x01, Uint8Array.of(value ? 0xff : 0));
}

/** @param text dotted, such as `2.5.29.19`. */
export function derOid(text: string): Der {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  return tagged(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

export function derOctets(bytes: Uint8Array): Der {
  return tagged(0x04, bytes);
}

/** @param unusedBits of the last byte; the DER of a named bit list has no trailing zero bits. */
export function derBits(bytes: Uint8Array, unusedBits = 0): Der {
  return tagged(0x03, concatBytes(Uint8Array.of(unusedBits), bytes));
}

export function derText(text: string): Der {
  return tagged(0x0c, utf8(text));
}

/** To the second, for the years to 9999: UTCTime for those from 1950 to 2049, and GeneralizedTime for the others (RFC 5280 section 4.1.2.5). */
export function derTime(time: Date): Der {
  const digits = time.toISOString().slice(0, 19).replace(/[-:T]/g, "");
  const isShort = digits >= "1950" && digits < "2050";
  return tagged(isShort ? 0x17 : 0x18, utf8(`${isShort ? digits.slice(2) : digits}Z`));
}

/** `[number]`, wrapped around whole values (`EXPLICIT`, or `IMPLICIT` of a constructed type). */
export function derContext(number: number, ...items: readonly Der[]): Der {
  return tagged(0xa0 | number, concatBytes(...items));
}

/** `[number] IMPLICIT` of a primitive type: the bytes alone. */
export function derContextBytes(number: number, bytes: Uint8Array): Der {
  return tagged(0x80 | number, bytes);
}

function tagged(tag: number, contents: Uint8Array): Der {
  return concatBytes(Uint8Array.of(tag, ...lengthOf(contents.length)), contents);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function base128(number: number): number[] {
  const digits = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(0x80 | (rest % 128));
  return digits;
}
