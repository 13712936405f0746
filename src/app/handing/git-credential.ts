// What git asks a credential helper, and is answered (git-credential(1), gitcredentials(7)): lines of NAME=VALUE, on stdin and on stdout.
import { VaultError } from "../../errors.ts";
import { findAuthority } from "../../vault/host.ts";
import type { HandingSurroundings } from "./held-placeholder.ts";
import { findHeldFor, getHeld, requireRun, userOf } from "./held-placeholder.ts";

/** Services that do not look at the name take any. */
const ANY_USER = "git";

export interface GitQuestion {
  /** `get`, `store`, `erase`, and whatever git may come to ask. */
  readonly operation: string;
  readonly input: string;
  /** The secret, where its host does not tell. */
  readonly secret: string | undefined;
  readonly user: string | undefined;
}

/**
 * @returns the attributes of the answer; none where git is to ask somebody else: for another operation than `get`, another protocol than https, and for hosts that no secret of this run is known for.
 * @throws VaultError `usage` outside of a run; `not-found` for a named secret that the run does not have.
 */
export async function answerGit(surroundings: HandingSurroundings, { operation, input, secret, user }: GitQuestion): Promise<ReadonlyMap<string, string>> {
  await requireRun(surroundings, "git-credential");
  // What git would have kept is a placeholder, and what it would have forgotten is not kept here.
  if (operation !== "get") return new Map();
  const asked = parseQuestion(input);
  const authority = asked.get("protocol") === "https" ? findAuthority(withPort(asked.get("host") ?? "")) : undefined;
  if (authority === undefined) return new Map();
  const held = secret === undefined ? findHeldFor(surroundings, authority) : getHeld(surroundings, secret);
  if (held === undefined) return new Map();
  return new Map([["username", user ?? userOf(held.service) ?? asked.get("username") ?? ANY_USER], ["password", held.placeholder]]);
}

/** The first of each name; a blank line ends it. */
function parseQuestion(input: string): Map<string, string> {
  const asked = new Map<string, string>();
  for (const line of input.split("\n")) {
    if (line === "") break;
    const at = line.indexOf("=");
    if (at < 1) throw new VaultError("usage", "git's question is lines of NAME=VALUE", "git itself starts this, after: git config credential.helper '!vault git-credential'");
    if (!asked.has(line.slice(0, at))) asked.set(line.slice(0, at), line.slice(at + 1));
  }
  return asked;
}

/** A host as URLs have it. */
export function withPort(host: string): string {
  return /:\d+$/.test(host) ? host : `${host}:443`;
}
