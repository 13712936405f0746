// Paths that a request names in a header beside its own: where WebDAV is to copy or move it to (RFC 4918 section 10.3), and what an object store is to copy it from. Rules that name paths are about these as well.
import { findAuthority } from "../../../vault/host.ts";
import type { RequestHead } from "../../http1/request-head.ts";
import { readPath } from "./rule-path.ts";

/** `methods`: as which of them it is judged. */
export interface SecondPath {
  readonly header: string;
  readonly methods: readonly string[];
  readonly readings: readonly (readonly string[])[];
}

export type SecondPaths = { readonly kind: "paths"; readonly paths: readonly SecondPath[] } | { readonly kind: "unclear"; readonly why: string };

/** `X-Amz-Copy-Source` and what other stores call it. */
const SOURCE = /^x-(?:[a-z0-9]+-)+(copy|rename)-source$/;
/** Paths below an account or a bucket that the header does not name. */
const RELATIVE = /^x-(?:[a-z0-9]+-)*(?:copy-from|symlink-target|object-manifest)$/;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)(\/.*)$/is;
/** Of a source: `/bucket/key`, with the version of it. A key with a question mark in it is read in different ways. */
const VERSION = /\?versionId=[A-Za-z0-9._-]*$/;
const NONE: SecondPaths = { kind: "paths", paths: [] };

/** @returns every such path, in each way in which servers read it. */
export function readSecondPaths({ headers, host, method }: Pick<RequestHead, "headers" | "host" | "method">): SecondPaths {
  const paths: SecondPath[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [header = "", value = ""] = headers.slice(at, at + 2);
    const meant = meaningOf(header);
    if (meant === undefined) continue;
    const readings = meant === "destination" ? readDestination(value, host) : meant === "relative" ? undefined : readSource(value);
    if (readings === undefined) return { kind: "unclear", why: `the header ${header} names another path, which servers read in different ways` };
    paths.push({ header, readings, methods: meant === "destination" ? [method] : meant === "copied" ? ["GET"] : ["GET", "DELETE"] });
  }
  return paths.length === 0 ? NONE : { kind: "paths", paths };
}

/** What of a request a person is shown as its path: all the paths that it names. */
export function pathsShown({ headers, target }: Pick<RequestHead, "headers" | "target">): string {
  return [target, ...headers.flatMap((header, at) => (at % 2 === 0 && meaningOf(header) !== undefined ? [`(${header}: ${headers[at + 1] ?? ""})`] : []))].join(" ");
}

function meaningOf(header: string): "destination" | "copied" | "renamed" | "relative" | undefined {
  // Most names are not looked at any further.
  if (!/^[dx]/i.test(header)) return undefined;
  const name = header.toLowerCase().replaceAll("_", "-");
  const [, act] = SOURCE.exec(name) ?? [];
  if (act !== undefined) return act === "copy" ? "copied" : "renamed";
  return name === "destination" ? "destination" : RELATIVE.test(name) ? "relative" : undefined;
}

/** A path, or all of an address at the request's own host. */
function readDestination(value: string, host: string): readonly (readonly string[])[] | undefined {
  const [, scheme = "", authority = "", path = value] = ABSOLUTE.exec(value) ?? [];
  if (scheme !== "" && !isSameHost(authority, host, scheme)) return undefined;
  return readingsOf(path);
}

function isSameHost(one: string, other: string, scheme: string): boolean {
  const port = scheme.toLowerCase() === "http" ? ":80" : ":443";
  const [a, b] = [one, other].map((text) => findAuthority(/:\d+$/.test(text) ? text : `${text}${port}`));
  return a !== undefined && b !== undefined && a.host === b.host && a.port === b.port;
}

/** With its first segment and without: it is a bucket's or a container's name, which some addresses have in the path and some in the host. */
function readSource(value: string): readonly (readonly string[])[] | undefined {
  const [, , , below] = ABSOLUTE.exec(value) ?? [];
  if (below === undefined && value.replace(VERSION, "").includes("?")) return undefined;
  const path = below ?? (value.startsWith("/") ? value : `/${value}`);
  const readings = /^\/arn(?::|%3a)/i.test(path) ? undefined : readingsOf(path);
  return readings?.flatMap((segments) => (segments.length > 1 ? [segments, segments.slice(1)] : [segments]));
}

function readingsOf(path: string): readonly (readonly string[])[] | undefined {
  // A comma may stand between two of them.
  const read = path.startsWith("/") && !/,\s/.test(path) ? readPath(path) : undefined;
  return read?.kind === "path" ? read.readings : undefined;
}
