// Which credentials may go out beside each other. A program that brings a credential of its own along has the host act for its own account, where it may read
// what was sent: beside a secret of the run, it is refused. Two secrets of the run go out together where somebody has said that they belong together.
import { isCredentialHeader, isOwnHeader } from "../grants/credential-header.ts";
import type { Grant } from "../grants/grant.ts";
import { lowerCase } from "../grants/header-name.ts";

/**
 * The first credential header that no secret of the run goes into. A cookie is none: clients send along whatever the host has set. Nor is one in which the service
 * takes a user of its own beside the key: whoever has signed in at a project of Supabase's sends that user's token, and the project's key as well.
 *
 * @param headers names and values alternate. @param filled indexes of the values that secrets go into. @param grants of which one is in the request.
 */
export function findStranger(headers: readonly string[], filled: readonly number[], grants: readonly Grant[]): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = [headers[at], headers[at + 1]];
    const lower = lowerCase(name);
    if (lower === "cookie" || value === "" || filled.includes(at + 1) || grants.every(({ pin }) => pin?.besides?.includes(lower) === true)) continue;
    if (isCredentialHeader(lower) || grants.some((grant) => isOwnHeader(lower, grant))) return name;
  }
  return undefined;
}

/** The first two that nobody has said belong together. */
export function findMismatched(grants: readonly Grant[]): readonly [Grant, Grant] | undefined {
  for (const [index, one] of grants.entries()) {
    const other = grants.slice(index + 1).find((further) => !mayGoTogether(one, further));
    if (other !== undefined) return [one, other];
  }
  return undefined;
}

/** Of two keys of services, one of the services says so (Datadog has two for each request). Whoever has bound a secret of no service to a host has said so of that one (a user's name and the password). */
function mayGoTogether({ pin: a }: Grant, { pin: b }: Grant): boolean {
  return a === undefined || b === undefined || a.service === b.service || a.sharesHostsWith.includes(b.service) || b.sharesHostsWith.includes(a.service);
}
