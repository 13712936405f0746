// A request's body on its way up: passed on as it is, but for what becomes of the placeholders in it.
import { Transform } from "node:stream";
import type { Grant } from "../grants/grant.ts";
import type { PatternSearch } from "../scrub/pattern-search.ts";
import { compileSearch } from "../scrub/pattern-search.ts";

/** What becomes of one placeholder. `stop` ends the body before the placeholder's first byte, and leaves the request unfinished. */
export type Fate = { readonly kind: "pass" } | { readonly kind: "replace"; readonly bytes: Uint8Array } | { readonly kind: "stop" };

/** Asked for each placeholder, in order, before it moves. It must not throw. */
export type OnPlaceholder = (grant: Grant) => Fate;

export interface BodyWatch {
  readonly open: (onPlaceholder: OnPlaceholder) => Transform;
  /** The same for a body that is all there. Undefined where it was stopped. */
  readonly pass: (body: Uint8Array, onPlaceholder: OnPlaceholder) => Uint8Array | undefined;
}

/** A stretch of a body: bytes that are no placeholder's, or one placeholder. */
export type Piece = { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "placeholder"; readonly grant: Grant; readonly bytes: Uint8Array };

/** Cuts a body into pieces, however it arrives. Held back is only what may begin a placeholder. */
export interface BodyCutter {
  push(chunk: Uint8Array): Piece[];
  end(): Piece[];
}

const EMPTY = new Uint8Array();

export function makeBodyWatch(grants: readonly Grant[]): BodyWatch {
  const openCutter = makeBodyCutter(grants);
  return { open: (onPlaceholder) => openWatch(openCutter(), onPlaceholder), pass: (body, onPlaceholder) => passWhole(body, openCutter(), onPlaceholder) };
}

/** @returns opens a cutter for one body. */
export function makeBodyCutter(grants: readonly Grant[]): () => BodyCutter {
  const search = compileSearch(grants.map(({ placeholder }, owner) => ({ bytes: Buffer.from(placeholder, "latin1"), owner })));
  return () => {
    let carry: Uint8Array = EMPTY;
    return {
      push(chunk) {
        const text = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
        const { pieces, rest } = cut(text, search, grants, false);
        carry = rest;
        return pieces;
      },
      end() {
        const { pieces } = cut(carry, search, grants, true);
        carry = EMPTY;
        return pieces;
      },
    };
  };
}

function cut(text: Uint8Array, search: PatternSearch, grants: readonly Grant[], isLast: boolean): { readonly pieces: Piece[]; readonly rest: Uint8Array } {
  const pieces: Piece[] = [];
  let hold = isLast ? text.length : search.findUnfinished(text, 0);
  let from = 0;
  for (;;) {
    const match = search.find(text, from);
    // A match from `hold` on may yet turn out to be the beginning of a longer one.
    if (match === undefined || match.start >= hold) break;
    if (match.start > from) pieces.push({ kind: "bytes", bytes: text.subarray(from, match.start) });
    const grant = grants[match.pattern.owner];
    if (grant !== undefined) pieces.push({ kind: "placeholder", grant, bytes: text.subarray(match.start, match.end) });
    from = match.end;
    if (from > hold) hold = search.findUnfinished(text, from);
  }
  if (hold > from) pieces.push({ kind: "bytes", bytes: text.subarray(from, hold) });
  return { pieces, rest: text.subarray(Math.max(hold, from)) };
}

function passWhole(body: Uint8Array, cutter: BodyCutter, onPlaceholder: OnPlaceholder): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const piece of [...cutter.push(body), ...cutter.end()]) {
    const fate: Fate = piece.kind === "bytes" ? { kind: "pass" } : onPlaceholder(piece.grant);
    if (fate.kind === "stop") return undefined;
    parts.push(fate.kind === "replace" ? fate.bytes : piece.bytes);
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

function openWatch(cutter: BodyCutter, onPlaceholder: OnPlaceholder): Transform {
  /** False where the body ends here, unfinished: nothing of it moves any more. */
  const send = (body: Transform, pieces: readonly Piece[]): boolean => {
    for (const piece of pieces) {
      const fate: Fate = piece.kind === "bytes" ? { kind: "pass" } : onPlaceholder(piece.grant);
      if (fate.kind === "stop") return false;
      body.push(fate.kind === "replace" ? fate.bytes : piece.bytes);
    }
    return true;
  };
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      if (send(this, cutter.push(chunk))) done();
    },
    flush(done) {
      if (send(this, cutter.end())) done();
    },
  });
}
