// Which requests the page's server answers. Any program and any web page on this machine can reach it, so everything that a browser says of where a request comes from must fit, and the token too. Pure.
import { createHash, timingSafeEqual } from "node:crypto";
import { VALUE_BYTES_MAX } from "../../vault/record.ts";
import { DETAILS_PATH, TOKEN_HEADER, VALUE_PATH } from "./value-page.ts";

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

export type Verdict = { readonly kind: "page" } | { readonly kind: "details" } | { readonly kind: "value"; readonly length: number } | { readonly kind: "refused"; readonly status: number };

/**
 * A name that resolves to this machine (DNS rebinding) fails at Host, another page at Origin, and whoever has only found the port at the token.
 * The page itself is for everybody: there is nothing in it.
 */
export function judgeRequest({ method, url, rawHeaders }: RequestHead, { authority, token }: Expected): Verdict {
  const header = (name: string): string | undefined => findOnly(rawHeaders, name);
  if (header("host") !== authority) return refuse(421);
  // Browsers say `none` for an address that was typed or opened, and `same-site` for another port of this machine.
  const site = header("sec-fetch-site");
  if (method === "GET" && url === "/") return site === undefined || site === "none" || site === "same-origin" || header("sec-fetch-mode") === "navigate" ? { kind: "page" } : refuse(403);
  if (url !== DETAILS_PATH && url !== VALUE_PATH) return refuse(404);
  if (method !== "POST") return refuse(405);
  if (header("origin") !== `http://${authority}` || (site !== undefined && site !== "same-origin")) return refuse(403);
  if (!isSame(header(TOKEN_HEADER) ?? "", token)) return refuse(403);
  if (count(rawHeaders, "transfer-encoding") > 0 || header("content-type") !== "application/octet-stream") return refuse(400);
  const length = header("content-length") ?? "";
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(length)) return refuse(411);
  if (url === DETAILS_PATH) return Number(length) === 0 ? { kind: "details" } : refuse(413);
  if (Number(length) === 0) return refuse(400);
  return Number(length) > VALUE_BYTES_MAX ? refuse(413) : { kind: "value", length: Number(length) };
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

function refuse(status: number): Verdict {
  return { kind: "refused", status };
}
