// Words by which servers take a request for one of another method than it has. Who lets POST through and not DELETE must not be told DELETE by the back door.
import { valuesIn } from "../../http1/raw-head.ts";
import type { RequestHead } from "../../http1/request-head.ts";

/** Headers, as CGI has them: a hyphen and an underscore are one there. Parameters go by these names as well. */
const HEADERS = new Set(["x-http-method", "x-http-method-override", "x-method-override", "x-original-method", "x-rewrite-method"]);
/** And headers by which some take another path than the target's. */
const PATH_HEADERS = new Set(["x-original-url", "x-original-uri", "x-original-path", "x-rewrite-url", "x-override-url", "x-http-destinationurl", "x-http-path-override", "x-envoy-original-path", "x-waws-unencoded-url"]);
const PARAMETERS = new Set([...HEADERS, "_method", "$httpmethod", "opt_method"].map(normalise));

/** What in a head says another method or path: a name; undefined where nothing does. */
export function findOverride({ headers, target }: Pick<RequestHead, "headers" | "target">): string | undefined {
  const header = findHeader(headers, HEADERS) ?? findPathOverride({ headers });
  if (header !== undefined) return header;
  const question = target.indexOf("?");
  return question >= 0 && hasParameter(target.slice(question + 1)) ? "a parameter of its query" : undefined;
}

/** The same of the path alone, which is in no query. */
export function findPathOverride({ headers }: Pick<RequestHead, "headers">): string | undefined {
  return findHeader(headers, PATH_HEADERS);
}

function findHeader(headers: readonly string[], among: ReadonlySet<string>): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    // Most names are not looked up.
    if ((name.startsWith("x") || name.startsWith("X")) && among.has(name.toLowerCase().replaceAll("_", "-"))) return `the header ${name}`;
  }
  return undefined;
}

function hasParameter(form: string): boolean {
  // Nearly none has a word like it.
  return /method|%|\+/i.test(form) && namesIn(form).some((name) => PARAMETERS.has(name));
}

/** Whether a form, or a query, has a member of one of these names, whatever stands between its members. @param names in lower case, with underscores for hyphens. */
export function hasParameterOf(form: string, names: readonly string[]): boolean {
  return namesIn(form).some((name) => names.includes(name));
}

function namesIn(form: string): string[] {
  return form.split(/[&;]/).map((pair) => normalise(unescapeLeniently(pair.split("=", 1)[0] ?? "")));
}

/** As lenient servers decode: bad escapes stay. A name may have an index behind it. */
export function unescapeLeniently(text: string): string {
  return text.replaceAll("+", " ").replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** PHP turns dots and blanks in names into underscores, and cuts names at `[`. */
function normalise(name: string): string {
  return (name.split("[", 1)[0] ?? "").trim().toLowerCase().replaceAll(/[-. _]/g, "_");
}

/** How servers may read a body: undefined where none takes a method out of one of this type. */
export type ReadableBody = "form" | "multipart" | "json";

/** @returns "unclear" for more than one type, a list of them, or a coding of characters in which the words look otherwise. */
export function readableAs(headers: readonly string[]): ReadableBody | "unclear" | undefined {
  const [type = "", ...others] = valuesIn(headers, "content-type");
  if (others.length > 0 || type.includes(",")) return "unclear";
  const kinds = KINDS.filter(([, words]) => words.test(type));
  const charset = CHARSET.exec(type)?.[1]?.toLowerCase();
  if (kinds.length > 1 || (charset !== undefined && !PLAIN_CHARSETS.has(charset))) return "unclear";
  // Without a type, some take a body for a form.
  return kinds[0]?.[0] ?? (type.trim() === "" ? "form" : undefined);
}

const KINDS: readonly (readonly [ReadableBody, RegExp])[] = [["form", /urlencoded/i], ["multipart", /multipart|form-data/i], ["json", /json|javascript/i]];
const CHARSET = /charset[ \t]*=[ \t]*["']?([^"';\s]*)/i;
const PLAIN_CHARSETS = new Set(["utf-8", "utf8", "us-ascii", "iso-8859-1"]);

/** Whether a body of a POST has a member that servers take for its method. */
export function hasBodyOverride(body: Uint8Array, kind: ReadableBody): boolean {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1");
  switch (kind) {
    case "form":
      return hasParameter(text.replaceAll(/[\r\n]/g, ""));
    case "multipart":
      return [...text.replaceAll("\\", "").matchAll(/name\*?(?:0\*?)?\s*=\s*(?:"([^"\r\n]*)|([^;"\s]*))/gi)].some(([, quoted, bare = ""]) => PARAMETERS.has(normalise(unescapeLeniently((quoted ?? bare).replace(/^[\w-]*'[^']*'/, "")))));
    case "json":
      if (!/method|\\u/i.test(text)) return false;
      return [...text.matchAll(/[{,]\s*"((?:[^"\\]|\\.){0,160})"\s*:/g)].some(([, key = ""]) => PARAMETERS.has(normalise(key.replaceAll(/\\u([0-9a-f]{4})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))))));
  }
}
