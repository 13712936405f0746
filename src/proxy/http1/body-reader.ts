// Reads one request's body out of what comes on a connection, by its framing (RFC 9112 section 6).
import { openChunkedReader } from "./chunked-body.ts";
import type { BodyReader, Framing } from "./framing.ts";

/** Undefined where there is no body. */
export function openBodyReader(framing: Framing): BodyReader | undefined {
  switch (framing.kind) {
    case "none":
      return undefined;
    case "length":
      return openLengthReader(framing.bytes);
    case "chunked":
      return openChunkedReader();
  }
}

function openLengthReader(length: number): BodyReader {
  let left = length;
  return {
    push(bytes) {
      const data = [bytes.subarray(0, left)];
      left -= Math.min(left, bytes.length);
      return left > 0 ? { kind: "more", data } : { kind: "end", data, rest: bytes.subarray(data[0]?.length) };
    },
  };
}
