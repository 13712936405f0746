// How agent and client prove to each other, before anything else, that both can read the token file.
//
//   agent   challenge: nonce A
//   client  hello:     nonce C, HMAC(token, "client" A C)
//   agent   welcome:   HMAC(token, "agent" A C), whose key it holds
//
// Why not just send the token: Node does not tell who is at the other end of a socket, so the client must doubt the agent as well.
// Whoever gets a listener of his own to the socket's name (a named pipe on Windows can be taken by any user) learns no token, and is handed no key.
// Why the client proves first: a stranger gets 32 random bytes and nothing made from the token.
import { concatBytes, encodeBase64, equalBytes, utf8 } from "../../bytes.ts";
import { hmacSha256 } from "../../vault/derive.ts";
import type { Frame } from "./frame.ts";
import { NO_KEYS } from "./frame.ts";
import type { KeyIdentity } from "./key-identity.ts";
import { encodeIdentity, IDENTITY_MEMBERS, parseIdentity } from "./key-identity.ts";
import { parseBytes, parseMembers, requireKeyCount } from "./message.ts";

export const TOKEN_BYTES = 32;
export const NONCE_BYTES = 32;
const PROOF_BYTES = 32;

/** One draw of each side. */
export interface Nonces {
  readonly agent: Uint8Array;
  readonly client: Uint8Array;
}

export function encodeChallenge(agentNonce: Uint8Array): Frame {
  return { body: { kind: "challenge", nonce: encodeBase64(agentNonce) }, keys: NO_KEYS };
}

/** The agent's nonce. @throws VaultError unless the frame is a challenge. */
export function parseChallenge(frame: Frame): Uint8Array {
  return parseBytes(membersOf(frame, ["kind", "nonce"])["nonce"], NONCE_BYTES);
}

export function encodeHello(token: Uint8Array, nonces: Nonces): Frame {
  return { body: { op: "hello", nonce: encodeBase64(nonces.client), proof: encodeBase64(prove(token, "client", nonces)) }, keys: NO_KEYS };
}

/** The nonces of both, or undefined when the proof is wrong. @throws VaultError unless the frame is a hello. */
export function findClient(frame: Frame, token: Uint8Array, agentNonce: Uint8Array): Nonces | undefined {
  const hello = membersOf(frame, ["op", "nonce", "proof"]);
  const nonces = { agent: agentNonce, client: parseBytes(hello["nonce"], NONCE_BYTES) };
  return equalBytes(parseBytes(hello["proof"], PROOF_BYTES), prove(token, "client", nonces)) ? nonces : undefined;
}

export function encodeWelcome(token: Uint8Array, nonces: Nonces, identity: KeyIdentity): Frame {
  return { body: { kind: "welcome", proof: encodeBase64(prove(token, "agent", nonces)), ...encodeIdentity(identity) }, keys: NO_KEYS };
}

/** Whose key the agent holds, or undefined when the proof is wrong. @throws VaultError unless the frame is a welcome. */
export function findAgent(frame: Frame, token: Uint8Array, nonces: Nonces): KeyIdentity | undefined {
  const welcome = membersOf(frame, ["kind", "proof", ...IDENTITY_MEMBERS]);
  const identity = parseIdentity(welcome);
  return equalBytes(parseBytes(welcome["proof"], PROOF_BYTES), prove(token, "agent", nonces)) ? identity : undefined;
}

/** The side's name is in it, so that nobody's proof can be sent back to him as the other's. */
function prove(token: Uint8Array, side: "agent" | "client", nonces: Nonces): Uint8Array {
  return hmacSha256(token, concatBytes(utf8(`vault/1 ${side}`), nonces.agent, nonces.client));
}

function membersOf({ body, keys }: Frame, names: readonly string[]): Record<string, unknown> {
  requireKeyCount(keys, 0);
  return parseMembers(body, names);
}
