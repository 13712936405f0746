// What passes between a process that starts an agent and the agent, once, on the agent's stdin and stdout.
import type { ErrorCode } from "../errors.ts";
import { VaultError } from "../errors.ts";
import { parseObject, parseText } from "../vault/json-shape.ts";
import type { KeyGrant } from "./messages/grant.ts";
import { encodeGrant, GRANT_MEMBERS, parseGrant } from "./messages/grant.ts";
import type { Frame } from "./wire/frame.ts";
import { NO_KEYS } from "./wire/frame.ts";
import { parseMembers, requireKeyCount } from "./wire/message.ts";
import type { AgentPaths } from "./wire/paths.ts";

export interface StartOrder {
  readonly paths: AgentPaths;
  readonly grant: KeyGrant;
  /** By which the store is opened that the vault is on, as whoever reads the vault understands it; empty where it is on none. It is secret. */
  readonly storeLogin: string;
}

const FAILURE_CODES = ["unsafe-file", "busy", "wrong-key", "bad-key-slot", "io"] as const satisfies readonly ErrorCode[];

export type StartReply =
  | { readonly kind: "ready" }
  /** Another agent was there first. */
  | { readonly kind: "taken" }
  | { readonly kind: "failed"; readonly code: (typeof FAILURE_CODES)[number]; readonly message: string; readonly hint: string };

/** The frame holds a copy of the KEK. */
export function encodeStart({ paths, grant, storeLogin }: StartOrder): Frame {
  const { folder, socket, token, realm, state } = paths;
  return { body: { folder, socket, token, realm, state, store: storeLogin, ...encodeGrant(grant) }, keys: grant.kek.slice() };
}

/** @throws VaultError for anything but a complete order. */
export function parseStart({ body, keys }: Frame): StartOrder {
  const order = parseMembers(body, ["folder", "socket", "token", "realm", "state", "store", ...GRANT_MEMBERS]);
  const paths = { folder: parseText(order["folder"], "the folder"), socket: parseText(order["socket"], "the socket"), token: parseText(order["token"], "the token's path"), realm: parseText(order["realm"], "the vault's folder"), state: parseText(order["state"], "the folder of its log") };
  return { paths, grant: parseGrant(order, keys), storeLogin: parseText(order["store"], "the store's login") };
}

export function encodeStartReply(reply: StartReply): Frame {
  return { body: reply, keys: NO_KEYS };
}

/** @throws VaultError for anything but a reply. */
export function parseStartReply({ body, keys }: Frame): StartReply {
  requireKeyCount(keys, 0);
  const { kind } = parseObject(body, "a reply");
  switch (kind) {
    case "ready":
    case "taken":
      parseMembers(body, ["kind"]);
      return { kind };
    case "failed": {
      const reply = parseMembers(body, ["kind", "code", "message", "hint"]);
      const code = FAILURE_CODES.find((known) => known === reply["code"]);
      if (code === undefined) throw new VaultError("bad-schema", "no such failure");
      return { kind, code, message: parseText(reply["message"], "a message"), hint: parseText(reply["hint"], "a hint") };
    }
    default:
      throw new VaultError("bad-schema", "no such reply");
  }
}

/** What a failed start may tell: VaultErrors of the kinds above as they are, anything else without a word of it. */
export function startFailure(error: unknown): StartReply {
  const code = error instanceof VaultError ? FAILURE_CODES.find((known) => known === error.code) : undefined;
  if (!(error instanceof VaultError) || code === undefined) return { kind: "failed", code: "io", message: "the agent did not start", hint: "" };
  return { kind: "failed", code, message: error.message, hint: error.hint ?? "" };
}
