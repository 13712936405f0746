import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/agent/wire/frame.ts";
import { encodeChallenge, encodeHello, encodeWelcome, findAgent, findClient, parseChallenge } from "../../../src/agent/wire/handshake.ts";
import { VaultError } from "../../../src/errors.ts";

const draw = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
const token = draw(32);
const nonces = { agent: draw(32), client: draw(32) };
const identity = { vaultId: draw(16), keyId: draw(16), commitment: draw(32) };
const welcome = encodeWelcome(token, nonces, identity);

function bodyOf({ body }: Frame): Record<string, unknown> {
  return body as Record<string, unknown>;
}

describe("the handshake", () => {
  it("makes each known to the other", () => {
    expect(parseChallenge(encodeChallenge(nonces.agent))).toEqual(nonces.agent);
    expect(findClient(encodeHello(token, nonces), token, nonces.agent)).toEqual(nonces);
    expect(findAgent(welcome, token, nonces)).toEqual(identity);
  });

  it("fails with another token or another nonce, on either side", () => {
    expect(findClient(encodeHello(draw(32), nonces), token, nonces.agent)).toBeUndefined();
    expect(findClient(encodeHello(token, nonces), token, draw(32))).toBeUndefined();
    expect(findAgent(encodeWelcome(draw(32), nonces, identity), token, nonces)).toBeUndefined();
    expect(findAgent(welcome, token, { ...nonces, agent: draw(32) })).toBeUndefined();
    expect(findAgent(welcome, token, { ...nonces, client: draw(32) })).toBeUndefined();
  });

  it("does not take a client's proof for an agent's", () => {
    const { proof } = bodyOf(encodeHello(token, nonces));
    expect(findAgent({ ...welcome, body: { ...bodyOf(welcome), proof } }, token, nonces)).toBeUndefined();
  });

  it("never shows the token", () => {
    const text = JSON.stringify([encodeHello(token, nonces), welcome]);
    for (const encoding of ["base64", "hex", "latin1"] as const) expect(text).not.toContain(Buffer.from(token).toString(encoding));
  });

  it("refuses what is no handshake", () => {
    expect(() => findClient({ body: { op: "status" }, keys: new Uint8Array() }, token, nonces.agent)).toThrow(VaultError);
    expect(() => findClient({ body: bodyOf(encodeHello(token, nonces)), keys: new Uint8Array(32) }, token, nonces.agent)).toThrow(VaultError);
    expect(() => findAgent({ body: { kind: "welcome" }, keys: new Uint8Array() }, token, nonces)).toThrow(VaultError);
  });
});
