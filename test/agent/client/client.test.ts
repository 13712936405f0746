// An agent that knows the token and answers out of step: one of another version, say, or one that somebody has changed.
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AgentClient } from "../../../src/agent/client/client.ts";
import { connectAgent } from "../../../src/agent/client/connect.ts";
import { encodeReply } from "../../../src/agent/messages/reply.ts";
import { Channel } from "../../../src/agent/wire/channel.ts";
import type { Frame } from "../../../src/agent/wire/frame.ts";
import { encodeChallenge, encodeWelcome, findClient, NONCE_BYTES, TOKEN_BYTES } from "../../../src/agent/wire/handshake.ts";
import { asDek } from "../../../src/vault/key-bytes.ts";
import { drawKek, grantFor, makeFolder, pathsIn } from "../../support/agent-process.ts";
import { createServer } from "../../support/raw-sockets.ts";

const grant = grantFor(drawKek(), new Uint8Array(16));
const hash = new Uint8Array(32);
const wrapped = { nonce: new Uint8Array(24), ciphertext: new Uint8Array(48) };
const dek = (): ReturnType<typeof asDek> => asDek(new Uint8Array(32));

/** A client whose agent answers everything with this. */
async function connectTo(answer: Frame): Promise<AgentClient> {
  const folder = makeFolder();
  const paths = { ...pathsIn(folder), socket: join(folder, "s") };
  const [token, nonce] = [new Uint8Array(randomBytes(TOKEN_BYTES)), new Uint8Array(randomBytes(NONCE_BYTES))];
  writeFileSync(paths.token, token, { mode: 0o600 });
  const server = createServer((socket) => {
    const channel = new Channel(socket, socket);
    void (async () => {
      await channel.send(encodeChallenge(nonce));
      const hello = await channel.receive();
      const nonces = hello === undefined ? undefined : findClient(hello, token, nonce);
      if (nonces === undefined) return;
      await channel.send(encodeWelcome(token, nonces, grant));
      while ((await channel.receive()) !== undefined) await channel.send(answer);
    })();
  });
  await new Promise<void>((resolve) => { server.listen(paths.socket, resolve); });
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const client = await connectAgent(paths);
  if (client === undefined) throw new Error("no agent");
  return client;
}

const asks: readonly (readonly [name: string, ask: (client: AgentClient) => Promise<unknown>])[] = [
  ["unwrap", (client) => client.unwrapDeks([{ wrapped, aad: hash }])],
  ["wrap", (client) => client.wrapDeks([{ dek: dek(), aad: hash }])],
  ["authenticate", (client) => client.authenticate(hash)],
  ["status", (client) => client.status()],
  ["remember", (client) => client.remember([])],
  ["recall", (client) => client.recall(["log"])],
  ["unlock", (client) => client.unlock(grantFor(drawKek(), new Uint8Array(16)))],
];

describe.each(asks)("an agent whose answer to %s", (name, ask) => {
  it.each<[string, Frame]>([
    ["is another request's", encodeReply(name === "status" ? { kind: "remembered" } : { kind: "status", status: { pid: 1, idleMs: 1, ttlLeftMs: 1, idleLeftMs: 1, isForRuns: false } })],
    ["is none at all", { body: { kind: "welcome" }, keys: new Uint8Array() }],
    ["has a number out of bounds", { body: { ...Object(encodeReply({ kind: "status", status: { pid: 1, idleMs: 1, ttlLeftMs: 1, idleLeftMs: 1, isForRuns: false } }).body), pid: -1 }, keys: new Uint8Array() }],
    ["has none of what was asked for", encodeReply(name === "wrap" ? { kind: "wrapped", items: [] } : { kind: "unwrapped", deks: [] })],
    ["has more than was asked for", encodeReply(name === "wrap" ? { kind: "wrapped", items: [wrapped, wrapped] } : { kind: "unwrapped", deks: [dek(), dek()] })],
  ])("%s is hung up on, and nothing it says later is believed", async (_what, answer) => {
    const client = await connectTo(answer);
    await expect(ask(client)).rejects.toMatchObject({ code: "locked" });
    await expect(client.status()).rejects.toMatchObject({ code: "locked" });
  });
});
