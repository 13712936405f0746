// Guises that no list of a scrubber's has in it one by one: escapes of some characters or of all, in two levels and across notations, and encodings of encodings. As others would write them.

/** A guise of a value by its name. Latin-1: one character for each byte. */
export type Guise = readonly [name: string, write: (value: string) => string];

const bytesOf = (value: string): number[] => Array.from(Buffer.from(value));
const pointsOf = (value: string): number[] => Array.from(value, (character) => character.codePointAt(0) ?? 0);
const unitsOf = (value: string): number[] => Array.from({ length: value.length }, (_none, at) => value.charCodeAt(at));
const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0");
const json = (value: string): string => JSON.stringify(value).slice(1, -1);
const html = (value: string): string => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");
/** Whatever is no letter and no digit. */
const ofSigns = (value: string, write: (character: string) => string): string => value.replace(/[^A-Za-z0-9]/gu, write);
const everyOther = (value: string, write: (character: string) => string): string => Array.from(value, (character, at) => (at % 2 === 0 ? write(character) : character)).join("");
const percentOf = (character: string): string => bytesOf(character).map((byte) => `%${hex(byte, 2).toUpperCase()}`).join("");
const unicodeOf = (character: string): string => unitsOf(character).map((unit) => `\\u${hex(unit, 4)}`).join("");
const entityOf = (character: string): string => `&#x${hex(character.codePointAt(0) ?? 0, 2).toUpperCase()};`;
const inLines = (text: string, width: number, end: string): string => (text.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join(end);
/** Behind enough of other text that the value does not begin with the first line, and that lines break within it. */
const inMime = (value: string, width: number, end: string): string => inLines(base64(`${"Some text before it, ".repeat(3)}${value}, and some behind it, for a line.`), width, end);
const NAMES: Readonly<Record<string, string>> = { "!": "excl", '"': "quot", "#": "num", $: "dollar", "%": "percnt", "&": "amp", "'": "apos", "(": "lpar", ")": "rpar", "*": "ast", "+": "plus", ",": "comma", ".": "period", "/": "sol", ":": "colon", ";": "semi", "<": "lt", "=": "equals", ">": "gt", "?": "quest", "@": "commat", "[": "lsqb", "\\": "bsol", "]": "rsqb", "^": "Hat", _: "lowbar", "`": "grave", "{": "lcub", "|": "vert", "}": "rcub" };

const utf8 = (write: (value: string) => string) => (value: string): string => Buffer.from(write(value)).toString("latin1");

const WRITTEN: readonly Guise[] = [
  ["every byte percent-encoded", percentOf],
  ["every byte percent-encoded in small letters", (value) => percentOf(value).toLowerCase()],
  ["percent-encoded twice", (value) => encodeURIComponent(encodeURIComponent(value))],
  ["every byte percent-encoded twice", (value) => percentOf(value).replaceAll("%", "%25")],
  ["every byte percent-encoded, and every character of that", (value) => percentOf(percentOf(value))],
  ["signs percent-encoded", (value) => ofSigns(value, percentOf)],
  ["every other character percent-encoded", (value) => everyOther(value, percentOf)],
  ["every unit as %uXXXX", (value) => unitsOf(value).map((unit) => `%u${hex(unit, 4)}`).join("")],
  ["every unit as \\uXXXX", unicodeOf],
  ["every unit as \\uXXXX in capitals", (value) => unitsOf(value).map((unit) => `\\u${hex(unit, 4).toUpperCase()}`).join("")],
  ["signs as \\uXXXX", (value) => ofSigns(value, unicodeOf)],
  ["every other character as \\uXXXX", (value) => everyOther(value, unicodeOf)],
  ["every code point as \\u{X}", (value) => pointsOf(value).map((point) => `\\u{${point.toString(16)}}`).join("")],
  ["every code point as \\UXXXXXXXX", (value) => pointsOf(value).map((point) => `\\U${hex(point, 8)}`).join("")],
  ["every byte as \\xXX", (value) => bytesOf(value).map((byte) => `\\x${hex(byte, 2)}`).join("")],
  ["every byte as \\xXX in capitals", (value) => bytesOf(value).map((byte) => `\\x${hex(byte, 2).toUpperCase()}`).join("")],
  ["every code point as \\x{X}", (value) => pointsOf(value).map((point) => `\\x{${point.toString(16)}}`).join("")],
  ["signs as \\xXX", (value) => ofSigns(value, (sign) => bytesOf(sign).map((byte) => `\\x${hex(byte, 2)}`).join(""))],
  ["every byte as \\ooo", (value) => bytesOf(value).map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")],
  ["a backslash before every sign of ASCII", (value) => json(value).replace(/\\(?!u)[\s\S]|[!-/:-@[\]-`{-~]/g, (part) => (part.length > 1 ? part : `\\${part}`))],
  ["JSON in JSON", (value) => json(json(value))],
  ["every unit as \\\\uXXXX", (value) => unicodeOf(value).replaceAll("\\", "\\\\")],
  ["every unit as \\u005cuXXXX", (value) => unicodeOf(value).replaceAll("\\", "\\u005c")],
  ["every byte as \\\\xXX", (value) => bytesOf(value).map((byte) => `\\\\x${hex(byte, 2)}`).join("")],
  ["every code point as &#D;", (value) => pointsOf(value).map((point) => `&#${point};`).join("")],
  ["every code point as &#xX;", (value) => pointsOf(value).map((point) => `&#x${point.toString(16)};`).join("")],
  ["every code point as &#XX; in capitals", (value) => pointsOf(value).map((point) => `&#X${point.toString(16).toUpperCase()};`).join("")],
  ["every code point as &#000D;", (value) => pointsOf(value).map((point) => `&#${String(point).padStart(8, "0")};`).join("")],
  ["signs as &#xX;", (value) => ofSigns(value, entityOf)],
  ["signs by their names in HTML", (value) => ofSigns(value, (sign) => (NAMES[sign] === undefined ? sign : `&${NAMES[sign]};`))],
  ["HTML in HTML", (value) => html(html(value))],
  ["signs as &amp;#xX;", (value) => html(ofSigns(value, entityOf))],
  ["every code point as &amp;#xX;", (value) => html(Array.from(value, entityOf).join(""))],
  ["HTML in JSON", (value) => json(html(value))],
  ["every code point as \\u0026#xX;", (value) => Array.from(value, entityOf).join("").replaceAll("&", "\\u0026")],
  ["JSON in HTML", (value) => html(json(value))],
  ["every unit as &#92;uXXXX", (value) => unicodeOf(value).replaceAll("\\", "&#92;")],
  ["JSON in a URL", (value) => encodeURIComponent(json(value))],
  ["every unit as %5CuXXXX", (value) => unicodeOf(value).replaceAll("\\", "%5C")],
  ["a URL in JSON", (value) => json(encodeURIComponent(value))],
  ["every byte as \\u0025XX", (value) => percentOf(value).replaceAll("%", "\\u0025")],
  ["HTML in a URL", (value) => encodeURIComponent(html(value))],
  ["every byte as &#37;XX", (value) => percentOf(value).replaceAll("%", "&#37;")],
  ["three notations by turns", (value) => Array.from(value, (character, at) => [percentOf, unicodeOf, entityOf][at % 3]?.(character) ?? "").join("")],
];

const ENCODED: readonly Guise[] = [
  ...[0, 1, 2].flatMap((shift): Guise[] => [
    [`base64 of base64, behind ${shift}`, (value) => base64(`${"u".repeat(shift)}${base64(`${value}:`)}`)],
    [`base64 behind ${shift}, in base64`, (value) => base64(base64(`${"u".repeat(shift)}${value}:x`))],
    [`base64url of base64url, behind ${shift}`, (value) => Buffer.from(`${"u".repeat(shift)}${Buffer.from(value).toString("base64url")}`).toString("base64url")],
  ]),
  ["base64 of hex", (value) => base64(`u${Buffer.from(value).toString("hex")}`)],
  ["hex of base64", (value) => Buffer.from(base64(value)).toString("hex")],
  ["a credential of Basic", (value) => base64(`user:${value}`)],
  ["a claim of a token", (value) => Buffer.from(JSON.stringify({ sub: "1", key: value, iat: 1 })).toString("base64url")],
  ["base64 of a form", (value) => base64(`a=1&key=${encodeURIComponent(value)}&b=2`)],
  ["base64 in MIME's lines", (value) => inMime(value, 76, "\r\n")],
  ["base64 in PEM's lines", (value) => inMime(value, 64, "\n")],
  ["base64 in git's lines", (value) => inMime(value, 60, "\n")],
  ["base64 in lines that are indented", (value) => inMime(value, 64, "\n    ")],
  ["base64 in lines, in JSON", (value) => json(inMime(value, 60, "\n"))],
  ["base64 in lines, in a URL", (value) => encodeURIComponent(inMime(value, 76, "\r\n"))],
  ["base64 in a URL", (value) => encodeURIComponent(base64(`?${value}~?`))],
  ["base64 in a URL in a URL", (value) => encodeURIComponent(encodeURIComponent(base64(`?${value}~?`)))],
  ["base64 in JSON of PHP", (value) => base64(`?${value}~?`).replaceAll("/", "\\/")],
  ["base64 with &#43; and &#x2F;", (value) => base64(`?${value}~?`).replaceAll("+", "&#43;").replaceAll("/", "&#x2F;").replaceAll("=", "&equals;")],
  ["base64 with \\u002b and \\u003d", (value) => base64(`?${value}~?`).replaceAll("+", "\\u002b").replaceAll("=", "\\u003d")],
  ["base64, every byte percent-encoded", (value) => percentOf(base64(value))],
  ["base64, every character as &#xX;", (value) => Array.from(base64(value), entityOf).join("")],
  ["hex, every byte percent-encoded", (value) => percentOf(Buffer.from(value).toString("hex"))],
  ["hex in lines", (value) => inLines(Buffer.from(`some text before it ${value} and behind it`).toString("hex"), 60, "\n")],
  ...([["spaces", " "], ["colons", ":"], ["dashes", "-"]] as const).flatMap(([name, separator]): Guise[] => [
    [`hex with ${name}`, (value) => bytesOf(value).map((byte) => hex(byte, 2)).join(separator)],
    [`HEX with ${name}`, (value) => bytesOf(value).map((byte) => hex(byte, 2).toUpperCase()).join(separator)],
  ]),
  ["hex as Node shows a buffer, in JSON", (value) => json(`"<Buffer ${bytesOf(value).map((byte) => hex(byte, 2)).join(" ")}>"`)],
];

/** Of ASCII alone: other text may have any byte in these. */
export const ASCII_GUISES: readonly Guise[] = [
  ["UTF-16", (value) => Buffer.from(value, "utf16le").toString("latin1")],
  ["UTF-16, the high byte first", (value) => Buffer.from(value, "utf16le").swap16().toString("latin1")],
  ["base64 of UTF-16, as PowerShell takes it", (value) => base64(Buffer.from(`echo ${value};`, "utf16le"))],
  ["JavaScript's escape", (value) => value.replace(/[^A-Za-z0-9@*_+\-./]/g, percentOf)],
];

/** More than sixty. */
export const FURTHER_GUISES: readonly Guise[] = [...WRITTEN, ...ENCODED].map(([name, write]): Guise => [name, utf8(write)]);
