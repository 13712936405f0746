// Finds short forms: each length by a hash of all of its bytes that rolls on from byte to byte. They are few, and their throughput is not what matters.
import type { Form, FoundForm } from "./form.ts";
import { oddKey, standsAt } from "./form.ts";

/** One bit for each of the first bits of a hash: whether there may be such a form. */
const BITS = 16;
const SHIFT = 32 - BITS;

type ShortSearch = (text: Uint8Array) => readonly FoundForm[];

export function compileShortForms(forms: readonly Form[]): ShortSearch {
  const lengths = [...new Set(forms.map(({ bytes }) => bytes.length))];
  const searches = lengths.map((length) => compileLength(forms.filter(({ bytes }) => bytes.length === length), length));
  return (text) => searches.flatMap((search) => search(text));
}

function compileLength(forms: readonly Form[], length: number): ShortSearch {
  const [key, spread] = [oddKey(), oddKey()];
  const roll = (hash: number, byte: number): number => (Math.imul(hash, key) + byte) | 0;
  /** The last byte alone would settle the last bits, and those before it hardly the first. */
  const mix = (hash: number): number => Math.imul(hash ^ (hash >>> 15), spread);
  /** What the byte that leaves the window has become. */
  const top = Array.from({ length }).reduce<number>((power) => Math.imul(power, key), 1);
  const bits = new Int32Array(2 ** (BITS - 5));
  const formsByHash = new Map<number, readonly Form[]>();
  for (const form of forms) {
    const hash = mix(form.bytes.reduce(roll, 0));
    formsByHash.set(hash, [...(formsByHash.get(hash) ?? []), form]);
    const bit = hash >>> SHIFT;
    bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << bit);
  }

  return (text) => {
    const found: FoundForm[] = [];
    let hash = text.subarray(0, length - 1).reduce(roll, 0);
    for (let end = length; end <= text.length; end += 1) {
      hash = roll(hash, text[end - 1] ?? 0);
      if (end > length) hash = (hash - Math.imul(text[end - length - 1] ?? 0, top)) | 0;
      const mixed = mix(hash);
      const bit = mixed >>> SHIFT;
      if ((((bits[bit >>> 5] ?? 0) >>> bit) & 1) === 0) continue;
      for (const form of formsByHash.get(mixed) ?? []) {
        const place = standsAt(form, text, end - length);
        if (place !== undefined) found.push(place);
      }
    }
    return found;
  };
}
