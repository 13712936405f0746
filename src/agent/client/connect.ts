// Reaches the agent: dials its socket, and makes sure by the handshake that it is one.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { readPrivateFile } from "../../disk/durable-file.ts";
import { VaultError } from "../../errors.ts";
import { Channel } from "../wire/channel.ts";
import { dial } from "../wire/dial.ts";
import { encodeHello, findAgent, NONCE_BYTES, parseChallenge, TOKEN_BYTES } from "../wire/handshake.ts";
import type { AgentPaths } from "../wire/paths.ts";
import type { Greeted } from "./client.ts";
import { AgentClient, noAnswer } from "./client.ts";

/** An agent that is starting, ending or overrun answers within this. */
const CONNECT_MS = 5000;
const PAUSE_MS_MAX = 250;
const HANDSHAKE_MS = 1000;

/**
 * Connects to the agent, if one runs, and makes sure that it is one (handshake.ts).
 *
 * @returns undefined when there is none.
 * @throws VaultError `busy` when something listens there that does not answer as an agent does; `unsafe-file` for a token that others could have put there; `io`.
 */
export async function connectAgent(paths: AgentPaths): Promise<AgentClient | undefined> {
  const deadline = performance.now() + CONNECT_MS;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    const attempt = await tryConnect(paths);
    if (attempt.kind === "no-agent") return undefined;
    if (attempt.kind === "connected") return attempt.client;
    if (performance.now() + pauseMs > deadline) throw noAnswer(paths);
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}

type Attempt = { readonly kind: "connected"; readonly client: AgentClient } | { readonly kind: "no-agent" } | { readonly kind: "no-answer" };

async function tryConnect(paths: AgentPaths): Promise<Attempt> {
  const token = readPrivateFile(paths.token, TOKEN_BYTES);
  // An agent writes its token before it listens.
  if (token?.length !== TOKEN_BYTES) return { kind: "no-agent" };
  const dialled = await dial(paths.socket);
  if (dialled.kind === "nobody") return { kind: "no-agent" };
  if (dialled.kind === "busy") return { kind: "no-answer" };
  const channel = new Channel(dialled.socket, dialled.socket);
  const greeted = await greet(channel, token);
  if (greeted !== undefined) return { kind: "connected", client: new AgentClient(paths, channel, greeted) };
  channel.close();
  return { kind: "no-answer" };
}

async function greet(channel: Channel, token: Uint8Array): Promise<Greeted | undefined> {
  try {
    const challenge = await channel.receive(HANDSHAKE_MS);
    if (challenge === undefined) return undefined;
    const nonces = { agent: parseChallenge(challenge), client: new Uint8Array(randomBytes(NONCE_BYTES)) };
    await channel.send(encodeHello(token, nonces));
    const welcome = await channel.receive(HANDSHAKE_MS);
    const identity = welcome === undefined ? undefined : findAgent(welcome, token, nonces);
    return identity === undefined ? undefined : { identity, connection: { token, ...nonces } };
  } catch (error) {
    // Malformed: no agent of ours speaks like that.
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}
