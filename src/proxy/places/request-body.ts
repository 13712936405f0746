// A request's body on its way up: passed on as it is, but for what becomes of the placeholders in it.
import { Transform } from "node:stream";
import type { BodyKind } from "./body-kind.ts";
import type { Grant } from "../grants/grant.ts";
import type { PatternSearch } from "./pattern-search.ts";
import { compileSearch } from "./pattern-search.ts";
import { isValueEnd, trackValues } from "./whole-value.ts";

/** What becomes of one placeholder. `stop` ends the body before the placeholder's first byte, and leaves the request unfinished. */
export type Fate = { readonly kind: "pass" } | { readonly kind: "replace"; readonly bytes: Uint8Array } | { readonly kind: "stop" };

/** Asked for each placeholder, in order, before it moves. It must not throw. @param isWhole whether it is all of a value. */
export type OnPlaceholder = (grant: Grant, isWhole: boolean) => Fate;

export interface BodyWatch {
  /** @param kind undefined where no placeholder is to act: none is all of a value there. */
  readonly open: (kind: BodyKind | undefined, onPlaceholder: OnPlaceholder) => Transform;
  /** The same for a body that is all there. Undefined where it was stopped. */
  readonly pass: (body: Uint8Array, kind: BodyKind | undefined, onPlaceholder: OnPlaceholder) => Uint8Array | undefined;
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
  return { open: (kind, onPlaceholder) => openWatch(openCutter(), openJudge(kind, onPlaceholder)), pass: (body, kind, onPlaceholder) => passWhole(body, openCutter(), openJudge(kind, onPlaceholder)) };
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

/** Takes the pieces of one body in order. */
interface PieceJudge {
  /** What goes out for them, or undefined where the body ends before the last of it. @param isLast whether nothing follows. */
  readonly judge: (pieces: readonly Piece[], isLast: boolean) => { readonly out: readonly Uint8Array[]; readonly isStopped: boolean };
}

/** A placeholder waits for the byte behind it where that tells whether it is all of a value. */
function openJudge(kind: BodyKind | undefined, onPlaceholder: OnPlaceholder): PieceJudge {
  const tracker = kind === undefined ? undefined : trackValues(kind);
  let waiting: { readonly piece: Extract<Piece, { readonly kind: "placeholder" }>; readonly isAtStart: boolean } | undefined;
  return {
    judge(pieces, isLast) {
      const out: Uint8Array[] = [];
      /** False where the body is stopped. */
      const settle = (next: number | undefined): boolean => {
        if (waiting === undefined) return true;
        const { piece, isAtStart } = waiting;
        waiting = undefined;
        const fate = onPlaceholder(piece.grant, isAtStart && kind !== undefined && isValueEnd(kind, next));
        if (fate.kind === "stop") return false;
        out.push(fate.kind === "replace" ? fate.bytes : piece.bytes);
        return true;
      };
      for (const piece of pieces) {
        if (!settle(piece.bytes[0])) return { out, isStopped: true };
        if (piece.kind === "bytes") out.push(piece.bytes);
        else waiting = { piece, isAtStart: tracker?.isAtStart() === true };
        tracker?.push(piece.bytes);
      }
      // Where it cannot act in any case, there is nothing to wait for.
      if ((isLast || tracker === undefined) && !settle(undefined)) return { out, isStopped: true };
      return { out, isStopped: false };
    },
  };
}

function passWhole(body: Uint8Array, cutter: BodyCutter, { judge }: PieceJudge): Uint8Array | undefined {
  const { out, isStopped } = judge([...cutter.push(body), ...cutter.end()], true);
  if (isStopped) return undefined;
  return out.length === 1 ? out[0] : Buffer.concat(out);
}

function openWatch(cutter: BodyCutter, { judge }: PieceJudge): Transform {
  /** False where the body ends here, unfinished: nothing of it moves any more. */
  const send = (body: Transform, pieces: readonly Piece[], isLast: boolean): boolean => {
    const { out, isStopped } = judge(pieces, isLast);
    for (const bytes of out) body.push(bytes);
    return !isStopped;
  };
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      if (send(this, cutter.push(chunk), false)) done();
    },
    flush(done) {
      if (send(this, cutter.end(), true)) done();
    },
  });
}
