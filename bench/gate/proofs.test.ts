// What it costs a run and a broker that each request is proven: beside what Ed25519 itself costs, which no program gets below.
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { expect, it } from "vitest";
import { drawIdentityKey, parseIdentityKey } from "../../src/identity/identity-key.ts";
import type { ProvenRequest } from "../../src/identity/proof.ts";
import { judgeProof, makeProof } from "../../src/identity/proof.ts";

const BATCH = 500;
const BATCHES = 9;
/** Both ends together. */
const RATIO_MAX = 1.7;

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  for (let count = 0; count < BATCH; count += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / BATCH;
}

it("a proof is made and judged in little more than a signature takes", () => {
  const key = parseIdentityKey(drawIdentityKey(), "a test");
  const request: ProvenRequest = { audience: "https://broker.example:7998", method: "GET", target: `/v1/sessions/${"0".repeat(32)}/connections`, body: new Uint8Array(), nonce: "0".repeat(32) };
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const text = Buffer.alloc(400, "x");
  const proof = (): void => {
    const now = Date.now();
    if (judgeProof(makeProof(key, request, now), request, now).kind !== "proven") throw new Error("not proven");
  };
  const bare = (): void => {
    if (!verify(null, text, publicKey, sign(null, text, privateKey))) throw new Error("not verified");
  };
  cpuMs(proof);
  cpuMs(bare);
  const rounds = Array.from({ length: BATCHES }, () => ({ proof: cpuMs(proof), bare: cpuMs(bare) }));
  const proofMs = Math.min(...rounds.map((round) => round.proof));
  const bareMs = Math.min(...rounds.map((round) => round.bare));
  console.log(`a proof made and judged: ${proofMs.toFixed(3)} ms of a processor; Ed25519 alone: ${bareMs.toFixed(3)} ms; ${(proofMs / bareMs).toFixed(2)} times as much`);
  expect(proofMs / bareMs).toBeLessThan(RATIO_MAX);
});
