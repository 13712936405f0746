// Tokens that this program signs, as `jose` reads them.
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import type { SigningAlgorithm } from "../../../src/agent/sources/signing-key.ts";
import { findAlgorithm, signToken } from "../../../src/agent/sources/signed-token.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const keys: readonly [SigningAlgorithm, KeyObject][] = [
  ["RS256", rsa],
  ["PS256", rsa],
  ["ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey],
  ["ES384", generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey],
  ["EdDSA", generateKeyPairSync("ed25519").privateKey],
];
const NOW = Date.parse("2026-01-31T09:00:00Z");
const pem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
const claims = [{ name: "aud", value: "https://api.example.com" }, { name: "iss", value: "me" }];

describe.each(keys)("%s", (algorithm, key) => {
  test("is taken by jose, with its claims and no others", async () => {
    const token = signToken({ algorithm, keyId: "key-1", privateKey: pem(key), claims, nowMs: NOW, lifetime: 300 });
    const { payload, protectedHeader } = await jwtVerify(token, createPublicKey(key), { algorithms: [algorithm], audience: "https://api.example.com", issuer: "me", currentDate: new Date(NOW), maxTokenAge: 360 });
    expect(protectedHeader).toEqual({ alg: algorithm, typ: "JWT", kid: "key-1" });
    expect(payload).toEqual({ aud: "https://api.example.com", iss: "me", iat: NOW / 1000 - 60, exp: NOW / 1000 + 300, jti: expect.any(String) as string });
  });

  test("takes no key of another kind", () => {
    for (const [other, otherKey] of keys.filter(([, one]) => one.asymmetricKeyType !== key.asymmetricKeyType || one.asymmetricKeyDetails?.namedCurve !== key.asymmetricKeyDetails?.namedCurve)) {
      expect(() => signToken({ algorithm, keyId: null, privateKey: pem(otherKey), claims, nowMs: NOW, lifetime: 300 }), other).toThrow("the key is none for");
    }
  });
});

test("no two tokens are one, and none has a key id that nobody gave", () => {
  const order = { algorithm: "EdDSA" as const, keyId: null, privateKey: pem(keys[4]?.[1] ?? rsa), claims, nowMs: NOW, lifetime: 300 };
  expect(signToken(order)).not.toBe(signToken(order));
  expect(JSON.parse(Buffer.from(signToken(order).split(".")[0] ?? "", "base64url").toString())).toEqual({ alg: "EdDSA", typ: "JWT" });
});

test("a key is for one algorithm, and a weak one for none", () => {
  expect(keys.map(([, key]) => findAlgorithm(key))).toEqual(["RS256", "RS256", "ES256", "ES384", "EdDSA"]);
  expect(findAlgorithm(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey)).toBeUndefined();
  expect(findAlgorithm(generateKeyPairSync("x25519").privateKey)).toBeUndefined();
});
