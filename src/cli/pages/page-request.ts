// Which requests the server of a page answers. Any program and any web page on this machine can reach it, so everything that a browser says of where a request comes from must fit, and the token too. Pure.
import { createHash, timingSafeEqual } from "node:crypto";

/** In which the page's script shows the token. */
export const TOKEN_HEADER = "x-vault-token";

export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Names and values by turns, as they came. */
  readonly rawHeaders: readonly string[];
}

export interface Expected {
  /** `127.0.0.1:PORT`. */
  readonly authority: string;
  readonly token: string;
}

/** What the page's script may send: by POST, to one of these paths, with a length. */
export interface PageOrders<Path extends string> {
  readonly paths: readonly Path[];
  readonly contentType: string;
}

export interface Refused {
  readonly kind: "refused";
  readonly status: number;
}

export type PageVerdict<Path extends string> = { readonly kind: "page" } | { readonly kind: "order"; readonly path: Path; readonly length: number } | Refused;

/**
 * A name that resolves to this machine (DNS rebinding) fails at Host, another page at Origin, and whoever has only found the port at the token.
 * The page itself is for everybody: there is nothing in it.
 */
export function judgePageRequest<Path extends string>({ method, url, rawHeaders }: RequestHead, { authority, token }: Expected, { paths, contentType }: PageOrders<Path>): PageVerdict<Path> {
  const header = (name: string): string | undefined => findOnly(rawHeaders, name);
  if (header("host") !== authority) return refuse(421);
  // Browsers say `none` for an address that was typed or opened, and `same-site` for another port of this machine.
  const site = header("sec-fetch-site");
  if (method === "GET" && url === "/") return site === undefined || site === "none" || site === "same-origin" || header("sec-fetch-mode") === "navigate" ? { kind: "page" } : refuse(403);
  const path = paths.find((known) => known === url);
  if (path === undefined) return refuse(404);
  if (method !== "POST") return refuse(405);
  if (header("origin") !== `http://${authority}` || (site !== undefined && site !== "same-origin")) return refuse(403);
  if (!isSame(header(TOKEN_HEADER) ?? "", token)) return refuse(403);
  if (count(rawHeaders, "transfer-encoding") > 0 || header("content-type") !== contentType) return refuse(400);
  const length = header("content-length") ?? "";
  return /^(?:0|[1-9][0-9]{0,15})$/.test(length) ? { kind: "order", path, length: Number(length) } : refuse(411);
}

export function refuse(status: number): Refused {
  return { kind: "refused", status };
}

/** Undefined where it is missing, or there twice. */
export function findOnly(rawHeaders: readonly string[], name: string): string | undefined {
  const at = rawHeaders.findIndex((header, index) => index % 2 === 0 && header.toLowerCase() === name);
  return at >= 0 && count(rawHeaders, name) === 1 ? rawHeaders[at + 1] : undefined;
}

function count(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length;
}

/** In time that depends on neither. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
