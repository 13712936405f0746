// What it costs to prove to a broker who asks: a proof made, judged, and remembered as seen, in this process, beside the two signatures' work alone.
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { drawIdentityKey, parseIdentityKey } from "../src/identity/identity-key.ts";
import { judgeProof, makeProof } from "../src/identity/proof.ts";
import { openReplayMemory } from "../src/identity/replay-memory.ts";
import type { Section } from "./figures.ts";
import { inTurns } from "./figures.ts";

const REQUEST = { audience: "https://broker.example:7998", method: "GET", target: `/v1/sessions/${"0".repeat(32)}/connections`, body: new Uint8Array(), nonce: "0123456789abcdef" };

export async function measureProofs(isQuick: boolean): Promise<Section[]> {
  const [rounds, times] = isQuick ? [3, 500] : [5, 2_000];
  const key = parseIdentityKey(drawIdentityKey(), "the measured one");
  const memory = openReplayMemory();
  const pair = generateKeyPairSync("ed25519");
  const message = Buffer.alloc(400, "a");
  const proveOnce = (): void => {
    const verdict = judgeProof(makeProof(key, REQUEST, Date.now()), REQUEST, Date.now());
    if (verdict.kind !== "proven" || !memory.take(`${verdict.proof.did} ${verdict.proof.id}`, verdict.proof.id, performance.now())) throw new Error("a good proof was refused");
  };
  const signOnce = (): void => { verify(null, message, pair.publicKey, sign(null, message, pair.privateKey)); };
  const measure = (act: () => void) => () => {
    const before = process.cpuUsage();
    for (let count = 0; count < times; count += 1) act();
    const { user, system } = process.cpuUsage(before);
    return Promise.resolve({ "CPU ms": (user + system) / 1e3 / times });
  };
  const rows = await inTurns(rounds, { "Ed25519 alone": measure(signOnce), "a proof": measure(proveOnce) }, 1);
  return [{ title: "A proof to a broker", about: "Made by the run, judged and remembered by the broker: one for each connection of a program.", better: "down", unit: "CPU ms", references: ["Ed25519 alone"], rows }];
}
