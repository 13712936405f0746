// What the first bytes of a body say of it, whatever else is said: that its text is in UTF-16 or UTF-32 (WHATWG Encoding section 6), or that it is compressed.
import { isDecodable, isZlib } from "./content-coding.ts";

/** `open`: that shows when more has come. `wide`: values in it are not the bytes that are looked for. */
export type BodyStart = { readonly kind: "open" | "plain" | "wide" } | { readonly kind: "coded"; readonly coding: string };

const SIGNATURES: readonly { readonly bytes: readonly number[]; readonly start: BodyStart }[] = [
  { bytes: [0xfe, 0xff], start: { kind: "wide" } },
  { bytes: [0xff, 0xfe], start: { kind: "wide" } },
  { bytes: [0, 0, 0xfe, 0xff], start: { kind: "wide" } },
  { bytes: [0x1f, 0x8b, 0x08], start: { kind: "coded", coding: "gzip" } },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], start: { kind: "coded", coding: "zstd" } },
];
/** Zlib's most frequent first byte; the second is checked with it. Text may look like that, and does not decode then. */
const ZLIB = 0x78;

const PLAIN: BodyStart = { kind: "plain" };
/** A body that begins with none of these is what it looks like. */
const FIRST_BYTES = new Set([ZLIB, ...SIGNATURES.flatMap(({ bytes }) => bytes.slice(0, 1))]);

/** @param isAll whether nothing comes behind these bytes. */
export function judgeStart(first: Uint8Array, isAll: boolean): BodyStart {
  if (first.length > 0 && !FIRST_BYTES.has(first[0] ?? 0)) return PLAIN;
  for (const { bytes, start } of SIGNATURES) {
    const length = Math.min(first.length, bytes.length);
    if (length === 0 || bytes.slice(0, length).some((byte, index) => byte !== first[index])) continue;
    if (length === bytes.length) return start.kind === "coded" && !isDecodable(start.coding) ? PLAIN : start;
    if (!isAll) return { kind: "open" };
  }
  if (first[0] === ZLIB && first.length === 1 && !isAll) return { kind: "open" };
  return first[0] === ZLIB && first.length > 1 && isZlib(first) ? { kind: "coded", coding: "deflate" } : PLAIN;
}
