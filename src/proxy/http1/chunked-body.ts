// A body in chunks, taken apart (RFC 9112 section 7.1). Extensions and trailers end here: nobody further on hears of them.
import type { BodyReader } from "./framing.ts";
import { findField, HEAD_BYTES_MAX } from "./raw-head.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal } from "../grants/refusal.ts";

type Place = { readonly kind: "size" } | { readonly kind: "data"; left: number } | { readonly kind: "data-end" } | { readonly kind: "trailer" };

const LF = 0x0a;
const SIZE_LINE_BYTES_MAX = 16_384;
/** 13 hexadecimal digits are below 2^53. White space about the size is read by some and not by others. */
const SIZE_LINE = /^([0-9A-Fa-f]{1,13})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]*"))?)*$/;

/** They say how a message is read (RFC 9110 section 6.5.1), and some readers heed them even here. */
const NOT_IN_TRAILERS = new Set(["content-length", "transfer-encoding", "connection", "proxy-connection", "upgrade"]);

export function openChunkedReader(): BodyReader {
  let place: Place = { kind: "size" };
  /** The beginning of a line whose end has not come. */
  let line = "";
  let trailerBytes = 0;

  /** Takes a whole line, without its end. */
  const take = (text: string): "go on" | "end" | "malformed" => {
    switch (place.kind) {
      case "size": {
        const size = SIZE_LINE.exec(text)?.[1];
        if (size === undefined) return "malformed";
        const left = Number.parseInt(size, 16);
        place = left === 0 ? { kind: "trailer" } : { kind: "data", left };
        return "go on";
      }
      case "data-end":
        place = { kind: "size" };
        return text === "" ? "go on" : "malformed";
      case "trailer": {
        if (text === "") return "end";
        const name = findField(text, 0, text.length)?.name.toLowerCase();
        return name === undefined || NOT_IN_TRAILERS.has(name) ? "malformed" : "go on";
      }
      case "data":
        return "malformed";
    }
  };
  const isTooLong = (): boolean => (place.kind === "trailer" ? trailerBytes + line.length > HEAD_BYTES_MAX : line.length > SIZE_LINE_BYTES_MAX);

  return {
    push(bytes) {
      const data: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        if (place.kind === "data") {
          const part = bytes.subarray(at, at + place.left);
          data.push(part);
          at += part.length;
          place.left -= part.length;
          if (place.left === 0) place = { kind: "data-end" };
          continue;
        }
        const lf = bytes.indexOf(LF, at);
        const end = lf < 0 ? bytes.length : lf + 1;
        line += bytes.toString("latin1", at, end);
        at = end;
        // Two bytes tell whether data ends where it should, whatever comes behind them.
        if (isTooLong() || (place.kind === "data-end" && !"\r\n".startsWith(line))) return { kind: "refuse", data, refusal: refusalIn(place) };
        if (lf < 0) break;
        const text = line.endsWith("\r\n") ? line.slice(0, -2) : undefined;
        if (place.kind === "trailer") trailerBytes += line.length;
        line = "";
        const step = text === undefined ? "malformed" : take(text);
        if (step === "malformed") return { kind: "refuse", data, refusal: makeRefusal("bad-request", "the request's body is malformed; its chunks are not as HTTP/1.1 has them") };
        if (step === "end") return { kind: "end", data, rest: bytes.subarray(at) };
      }
      return { kind: "more", data };
    },
  };
}

function refusalIn(place: Place): Refusal {
  return place.kind === "trailer" ? makeRefusal("header-limit", `a request's trailers may have ${HEAD_BYTES_MAX} bytes at most`) : makeRefusal("bad-request", "the request's body is malformed; its chunks are not as HTTP/1.1 has them");
}
