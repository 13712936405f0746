// A placeholder of this vault that is none of the run's, where a key would stand: an older one, or that of a secret that the run was not given. It opens nothing, and going out as text it would only look like a wrong key.
import { isCredentialHeader, isOwnHeader } from "../grants/credential-header.ts";
import type { Grant } from "../grants/grant.ts";
import type { Refusal } from "../grants/refusal.ts";
import { refuseStray } from "../grants/refusal.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { findBasicCredential } from "../places/basic-credential.ts";
import type { Recogniser } from "../places/placeholder.ts";
import type { StrayTest } from "../places/placeholder-check.ts";
import type { Route } from "./route.ts";

/** Most headers are shorter than any placeholder. */
const LENGTH_MIN = 22;

interface StrayRules {
  readonly isStray: StrayTest;
  /** Knows those that the run was given. */
  readonly recognise: Recogniser;
}

/**
 * Looks at credential headers, those that usually are and those of secrets of this host; and at the target where one of these may stand there.
 *
 * @param filled indexes of the header values that secrets go into.
 */
export function findStrayRefusal({ headers, target }: Pick<RequestHead, "headers" | "target">, { authority, naming }: Pick<Route, "authority" | "naming">, { isStray, recognise }: StrayRules, filled: readonly number[]): Refusal | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    if (value.length < LENGTH_MIN || filled.includes(at + 1) || !(isCredentialHeader(name) || naming.some((grant) => isOwnHeader(name, grant)))) continue;
    if (isStray(value) || isStray(findBasicCredential(value) ?? "")) return refuseStray(`${name} header`, authority);
  }
  return naming.some(mayStandInTarget) && isStray(withoutGiven(target, recognise)) ? refuseStray("URL", authority) : undefined;
}

/** The text without the placeholders of this run, and what stood around them apart. */
function withoutGiven(text: string, recognise: Recogniser): string {
  let [rest, from] = ["", 0];
  for (const { start, end } of recognise(text)) {
    rest += `${text.slice(from, start)}/`;
    from = end;
  }
  return rest + text.slice(from);
}

function mayStandInTarget({ places }: Grant): boolean {
  return places.some((place) => place === "path" || place === "query" || place.startsWith("query:"));
}
