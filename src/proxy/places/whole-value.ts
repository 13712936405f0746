// Where in a body a value begins and ends: the whole of a JSON string, of a form's value, of a part, of a line. A placeholder acts nowhere else, for a part of a
// text is what an address is made of (`https://elsewhere/KEY.png`), and a host that fetches the address tells the key to whoever answers there.
import type { BodyKind } from "./body-kind.ts";

/** Follows a body as it goes by. */
export interface ValueTracker {
  /** The next bytes of the body, as the child sent them. */
  push(bytes: Uint8Array): void;
  /** Whether what comes next is the first of a value. */
  isAtStart(): boolean;
}

const [LF, CR, QUOTE, AMPERSAND, EQUALS, BACKSLASH] = [0x0a, 0x0d, 0x22, 0x26, 0x3d, 0x5c];
/** More than any beginning of a value is told by. */
const LOOK_BACK_BYTES = 4;
/** The empty line behind a part's headers. */
const PART_START = "\r\n\r\n";

export function trackValues(kind: BodyKind): ValueTracker {
  return kind === "form" ? trackForm() : trackByLastBytes(kind);
}

/** Whether a value ends where this byte follows. @param next undefined at the end of the body. */
export function isValueEnd(kind: BodyKind, next: number | undefined): boolean {
  switch (kind) {
    case "json":
      return next === QUOTE;
    case "form":
      return next === undefined || next === AMPERSAND;
    case "multipart":
      return next === CR;
    case "text":
      return next === undefined || next === CR || next === LF;
  }
}

function trackByLastBytes(kind: Exclude<BodyKind, "form">): ValueTracker {
  let last = "";
  return {
    push(bytes) {
      last = (last + Buffer.from(bytes.subarray(-LOOK_BACK_BYTES)).toString("latin1")).slice(-LOOK_BACK_BYTES);
    },
    isAtStart() {
      // What stands between two quotes, and has none in it, is a whole string of any well-formed JSON, unless the first is a character of a longer one.
      if (kind === "json") return last.endsWith('"') && last.charCodeAt(last.length - 2) !== BACKSLASH;
      return kind === "multipart" ? last === PART_START : last === "" || last.endsWith("\n");
    },
  };
}

/** Behind the first `=` of a parameter, of which no byte has come yet. */
function trackForm(): ValueTracker {
  let place: "name" | "start" | "value" = "name";
  return {
    push(bytes) {
      const parameter = bytes.lastIndexOf(AMPERSAND) + 1;
      if (parameter > 0) place = "name";
      if (place === "start" && bytes.length > 0) place = "value";
      if (place !== "name") return;
      const equals = bytes.indexOf(EQUALS, parameter);
      if (equals >= 0) place = equals === bytes.length - 1 ? "start" : "value";
    },
    isAtStart: () => place === "start",
  };
}
