// How a value is spelled where it stands, so that it stays one value: no separator, quote or line of its own comes of it.

/** How the surroundings of a value are written. `form` is application/x-www-form-urlencoded, in a body or in a query; `raw` is as it is. */
export type Spelling = "segment" | "form" | "json" | "raw";

/** Unreserved (RFC 3986 section 2.3): no reader takes these for anything but themselves. */
const UNRESERVED = /^[A-Za-z0-9._~-]$/;
/** Plain in a path's segment besides (section 3.3). The others that the grammar allows are separators or spaces to some servers. */
const PLAIN_IN_SEGMENT = /^[A-Za-z0-9._~:@-]$/;

/** @param value one character for each byte (latin-1), here and in what is returned. */
export function spell(value: string, spelling: Spelling): string {
  switch (spelling) {
    case "raw":
      return value;
    case "json":
      return latin1(JSON.stringify(Buffer.from(value, "latin1").toString("utf8")).slice(1, -1));
    case "segment":
      return percentEncode(value, PLAIN_IN_SEGMENT);
    case "form":
      // A space as %20: readers of forms take it like a plus, and readers of plain queries take nothing else.
      return percentEncode(value, UNRESERVED);
  }
}

function percentEncode(value: string, plain: RegExp): string {
  return value.replace(/[^]/g, (byte) => (plain.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`));
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
