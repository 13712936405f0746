// Which requests the port of a login answers. Any program and any web page on this machine can reach it: what counts is the state, which only the provider's answer and the start link's reader know. Pure.
import { REDIRECT_PATH } from "../../providers/redirect.ts";
import type { RequestHead } from "./page-request.ts";
import { findOnly, isSame } from "./page-request.ts";

export const START_PATH = "/start/";

export interface ExpectedRedirect {
  /** Host and port, as the redirect has them. */
  readonly authority: string;
  readonly state: string;
  /** Behind `START_PATH`. */
  readonly startToken: string;
}

export type RedirectVerdict = { readonly kind: "start" } | { readonly kind: "arrival"; readonly parameters: URLSearchParams } | { readonly kind: "refused"; readonly status: number };

/**
 * A forged answer is refused, and the login goes on: whoever finds the port must not be able to end it. A name that resolves to this machine (DNS rebinding) fails at Host.
 * Browsers say what a request is for. Only the page itself comes here: no picture, no script, no fetch of a page that happens to be open.
 */
export function judgeRedirect({ method, url = "", rawHeaders }: RequestHead, { authority, state, startToken }: ExpectedRedirect): RedirectVerdict {
  const header = (name: string): string | undefined => findOnly(rawHeaders, name);
  if (header("host") !== authority) return { kind: "refused", status: 421 };
  const [path, query] = splitOnce(url, "?");
  if (path !== REDIRECT_PATH && !path.startsWith(START_PATH)) return { kind: "refused", status: 404 };
  if (method !== "GET") return { kind: "refused", status: 405 };
  if ((header("sec-fetch-dest") ?? "document") !== "document") return { kind: "refused", status: 403 };
  if (path !== REDIRECT_PATH) {
    // Opened by this program, and followed from no other page.
    const isOpened = (header("sec-fetch-site") ?? "none") === "none";
    return isOpened && query === "" && isSame(path.slice(START_PATH.length), startToken) ? { kind: "start" } : { kind: "refused", status: 403 };
  }
  const parameters = new URLSearchParams(query);
  return isSame(parameters.get("state") ?? "", state) ? { kind: "arrival", parameters } : { kind: "refused", status: 403 };
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
