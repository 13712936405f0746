// What Docker and its like ask a credential helper, and are answered (docker/docker-credential-helpers): the operation as an argument, a server on stdin, JSON on stdout. What goes wrong is told on stdout as well, with status 1.
import { findAuthority } from "../../vault/host.ts";
import { VaultError } from "../../errors.ts";
import { withPort } from "./git-credential.ts";
import type { Held, HandingSurroundings } from "./held-placeholder.ts";
import { findHeldFor, getHeld, requireRun, userOf } from "./held-placeholder.ts";

/** By these very words clients know that they may go on without. */
const NOT_FOUND = "credentials not found in native keychain";
/** Registries that take a token do not look at the name. */
const ANY_USER = "token";

export interface DockerQuestion {
  readonly operation: string;
  readonly input: string;
  readonly secret: string | undefined;
  readonly user: string | undefined;
}

export interface DockerAnswer {
  readonly isFailure: boolean;
  readonly text: string;
}

/** @throws VaultError `usage` outside of a run, and for an operation that the protocol does not have. */
export async function answerDocker(surroundings: HandingSurroundings, { operation, input, secret, user }: DockerQuestion): Promise<DockerAnswer> {
  await requireRun(surroundings, "docker-credential");
  switch (operation) {
    case "get":
      return get(surroundings, input.trim(), secret, user);
    case "list":
      return { isFailure: false, text: "{}" };
    case "erase":
      return { isFailure: false, text: "" };
    case "store":
      return { isFailure: true, text: "vault keeps no login of a run: vault secrets create, outside of it" };
    default:
      throw new VaultError("usage", "docker-credential takes get, list, store or erase", "Docker itself starts this, by the name docker-credential-vault");
  }
}

function get(surroundings: HandingSurroundings, server: string, secret: string | undefined, user: string | undefined): DockerAnswer {
  const held = findHeld(surroundings, server, secret);
  if (held === undefined) return { isFailure: true, text: NOT_FOUND };
  return { isFailure: false, text: JSON.stringify({ ServerURL: server, Username: user ?? userOf(held.service) ?? ANY_USER, Secret: held.placeholder }) };
}

/** `https://index.docker.io/v1/` and `ghcr.io` are both usual. */
function findHeld(surroundings: HandingSurroundings, server: string, secret: string | undefined): Held | undefined {
  const authority = findAuthority(withPort(server.replace(/^https:\/\//, "").replace(/\/.*$/s, "")));
  if (authority === undefined || server.startsWith("http://")) return undefined;
  return secret === undefined ? findHeldFor(surroundings, authority) : getHeld(surroundings, secret);
}
