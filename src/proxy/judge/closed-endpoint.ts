// Token endpoints of the run's secrets, at which the agent alone asks. What a program got there by a grant of its own would be a token that no vault keeps, no answer is looked through for and no lock takes back.
import { formatAuthority } from "../../vault/host.ts";
import type { Refusal } from "../grants/refusal.ts";
import { refuseTokenEndpoint } from "../grants/refusal.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { Route } from "./route.ts";
import { findPathOverride } from "./rules/method-override.ts";
import { readPath } from "./rules/rule-path.ts";

/** Why a request does not go on that is, or may be, to one of these, by whatever method and with whatever query. */
export function findClosed({ headers, target }: Pick<RequestHead, "headers" | "target">, { authority, authorityText, closing }: Pick<Route, "authority" | "authorityText" | "closing">): Refusal | undefined {
  if (closing.length === 0) return undefined;
  const isElsewhere = findPathOverride({ headers }) !== undefined;
  const meant = closing.filter(({ closedEndpoints = [] }) => closedEndpoints.some((endpoint) => formatAuthority(endpoint.authority) === authorityText && (isElsewhere || mayBe(target, endpoint.path))));
  return meant.length === 0 ? undefined : refuseTokenEndpoint(meant, authority);
}

/** A path that servers read in different ways counts where the endpoint's last word is in it: whatever else it says, it has to end in that. */
function mayBe(target: string, path: string): boolean {
  const read = readPath(target);
  const endpoint = readPath(path);
  if (read.kind === "unclear" || endpoint.kind === "unclear") return mayEndIn(decode(target), path.split("/").findLast((segment) => segment !== "") ?? "");
  const wanted = new Set(endpoint.readings.map(fold));
  return read.readings.some((segments) => wanted.has(fold(segments)));
}

function fold(segments: readonly string[]): string {
  return segments.join("/").normalize("NFKC").toLowerCase().replace(/\/+$/, "");
}

/** What is left of an escape that is no UTF-8 is a letter to some servers. */
function mayEndIn(decoded: string, word: string): boolean {
  return /[^\0-\x7f]/.test(decoded) || bare(decoded).includes(bare(decode(word)));
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** A path, as often as it can be. */
function decode(target: string): string {
  let path = target.split("?", 1)[0] ?? "";
  for (let before = ""; before !== path; ) {
    before = path;
    path = path.replace(/%(?:u00)?([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  }
  return path;
}
