// Undoes the compression of an answer, as a stream: memory stays flat whatever comes out.
import { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { tokensOf } from "../http1/raw-head.ts";

/** What a decoder gives at once. Node's 16 KiB would cost a large answer a third of its speed. */
const CHUNK_BYTES = 65_536;

type OpenDecoder = (first: Uint8Array) => Transform;

/** What Node can decode; zstd from Node 22.15 on. */
const DECODERS: ReadonlyMap<string, OpenDecoder> = new Map<string, OpenDecoder>([
  ["gzip", () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES })],
  ["x-gzip", () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES })],
  ["br", () => zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH, chunkSize: CHUNK_BYTES })],
  ["deflate", (first) => (isZlib(first) ? zlib.createInflate : zlib.createInflateRaw)({ flush: zlib.constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES })],
  ...zstd(),
]);
const NONE: readonly string[] = [];
/** More layers than this are an attack, not an encoding. */
const LAYERS_MAX = 2;

/** The codings of a body in the order in which they were applied (RFC 9110 section 8.4), or undefined where one is not known here. */
export function findCodings(contentEncodings: readonly string[]): readonly string[] | undefined {
  if (contentEncodings.length === 0) return NONE;
  const codings = tokensOf(contentEncodings).filter((coding) => coding !== "" && coding !== "identity");
  return codings.length <= LAYERS_MAX && codings.every((coding) => DECODERS.has(coding)) ? codings : undefined;
}

export function isDecodable(coding: string): boolean {
  return DECODERS.has(coding);
}

/** One decoder for each coding, the last applied first. @param first the first bytes of the body. */
export function openDecoders(codings: readonly string[], first: Uint8Array): Transform[] {
  return codings.toReversed().flatMap((coding) => {
    const open = DECODERS.get(coding);
    return open === undefined ? [] : [open(first)];
  });
}

/** Whether bytes begin as RFC 1950 section 2.2 has it. Servers say "deflate" and mean zlib's wrapping or none. */
export function isZlib(first: Uint8Array): boolean {
  const [method = 0, flags = 0] = first;
  return (method & 0x0f) === 8 && (first.length < 2 || ((method << 8) | flags) % 31 === 0);
}

function zstd(): [string, OpenDecoder][] {
  const open: unknown = Reflect.get(zlib, "createZstdDecompress");
  if (typeof open !== "function") return [];
  return [["zstd", () => {
    const decoder: unknown = Reflect.apply(open, undefined, [{ chunkSize: CHUNK_BYTES }]);
    return decoder instanceof Transform ? decoder : new Transform();
  }]];
}
