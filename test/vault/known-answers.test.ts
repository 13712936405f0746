// The primitives against published values: a library that changes under us, or a wrapper that swaps two arguments, fails here.
import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { concatBytes, encodeHex, utf8 } from "../../src/bytes.ts";
import { deriveFromDek, deriveFromKek, hmacSha256 } from "../../src/vault/derive.ts";
import { asDek, parseKek } from "../../src/vault/key-bytes.ts";
import { argon2id } from "../../src/vault/argon2id.ts";
import { open, seal } from "../../src/vault/xchacha.ts";
import { aeadOpen, aeadSeal, hkdf, passphraseKek } from "../second-opinion/crypto.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

describe("XChaCha20-Poly1305", () => {
  // draft-irtf-cfrg-xchacha-03, A.3.1.
  const key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const nonce = hex("404142434445464748494a4b4c4d4e4f5051525354555657");
  const aad = hex("50515253c0c1c2c3c4c5c6c7");
  const plaintext = utf8("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.");
  const ciphertext = hex(
    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452" +
    "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e" +
    "c0875924c1c7987947deafd8780acf49",
  );

  test("the draft's example seals and opens", () => {
    expect(encodeHex(seal(key, nonce, plaintext, aad))).toBe(encodeHex(ciphertext));
    expect(open(key, nonce, ciphertext, aad)).toEqual(plaintext);
  });

  test("any flipped bit of the tag, or of a byte of ciphertext, nonce, key or associated data, refuses", () => {
    for (let bit = 0; bit < 128; bit++) expect(open(key, nonce, flipped(ciphertext, plaintext.length * 8 + bit), aad)).toBeUndefined();
    for (let at = 0; at < plaintext.length; at++) expect(open(key, nonce, flipped(ciphertext, at * 8), aad)).toBeUndefined();
    for (let at = 0; at < nonce.length; at++) expect(open(key, flipped(nonce, at * 8), ciphertext, aad)).toBeUndefined();
    for (let at = 0; at < key.length; at++) expect(open(flipped(key, at * 8), nonce, ciphertext, aad)).toBeUndefined();
    for (let at = 0; at < aad.length; at++) expect(open(key, nonce, ciphertext, flipped(aad, at * 8))).toBeUndefined();
  });

  test("every shorter ciphertext refuses, and so do a longer one, other lengths of nonce and other associated data", () => {
    for (let length = 0; length < ciphertext.length; length++) expect(open(key, nonce, ciphertext.slice(0, length), aad)).toBeUndefined();
    expect(open(key, nonce, concatBytes(ciphertext, Uint8Array.of(0)), aad)).toBeUndefined();
    expect(open(key, nonce.slice(0, 12), ciphertext, aad)).toBeUndefined();
    expect(open(key, nonce, ciphertext, new Uint8Array())).toBeUndefined();
    expect(open(key, nonce, ciphertext, concatBytes(aad, Uint8Array.of(0)))).toBeUndefined();
  });

  test("plaintexts of 0 to 200 bytes under keys and nonces of any kind: the second implementation gives the same and opens it", () => {
    for (let length = 0; length <= 200; length++) {
      const [text, data] = [new Uint8Array(randomBytes(length)), new Uint8Array(randomBytes(length % 33))];
      const [key, nonce] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(24))];
      const sealed = seal(key, nonce, text, data);
      expect(sealed.length).toBe(length + 16);
      expect(encodeHex(sealed)).toBe(aeadSeal(key, nonce, text, data).toString("hex"));
      expect(aeadOpen(key, nonce, sealed, data)).toEqual(Buffer.from(text));
      expect(open(key, nonce, sealed, data)).toEqual(text);
    }
  });
});

describe("Argon2id", () => {
  // RFC 9106, 5.3 has a secret, associated data and four lanes, none of which libsodium takes. These are libsodium's own (test/default/pwhash_argon2id.c, tv3).
  test.each([
    { passphrase: "", memoryKib: 4882, passes: 2, salt: "bA81arsiXysd3WbTRzmEOw==", tag: "Nm8QBM+7RH1DXo9rvp5cwKEOOOfD2g6JuxlXihoNcpE=" },
    { passphrase: "^T5H$JYt39n%K*j:W]!1s?vg!:jGi]Ax?..l7[p0v:1jHTpla9;]bUN;?bWyCbtqg ", memoryKib: 4096, passes: 19, salt: "PkEgMTYtYnl0ZXMgc2FsdA==", tag: "ltB/ue1kPtBMBGfsysMpPigE6hiNEKZ9vs8vLNVDQGA=" },
  ])("libsodium's published value for $memoryKib KiB and $passes passes", async ({ passphrase, memoryKib, passes, salt, tag }) => {
    const derived = await argon2id(utf8(passphrase), new Uint8Array(Buffer.from(salt, "base64")), passes, memoryKib);
    expect(Buffer.from(derived).toString("base64")).toBe(tag);
    expect(passphraseKek(passphrase, { algorithm: "argon2id", version: 19, memoryKib, passes, lanes: 1, salt }).toString("base64")).toBe(tag);
  });
});

describe("HKDF-SHA256 and HMAC-SHA256", () => {
  test("HMAC: RFC 4231, test cases 1, 2 and 6", () => {
    expect(encodeHex(hmacSha256(new Uint8Array(20).fill(0x0b), utf8("Hi There")))).toBe("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect(encodeHex(hmacSha256(utf8("Jefe"), utf8("what do ya want for nothing?")))).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    expect(encodeHex(hmacSha256(new Uint8Array(131).fill(0xaa), utf8("Test Using Larger Than Block-Size Key - Hash Key First")))).toBe("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  });

  test("HKDF by hand: RFC 5869, A.1", () => {
    const output = hkdfByHand(new Uint8Array(22).fill(0x0b), hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), 42);
    expect(encodeHex(output)).toBe("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  });

  test("the derived keys are HKDF with FORMAT.md's salts and labels", () => {
    const [kek, vaultId, dek, nonce] = [randomBytes(32), randomBytes(16), randomBytes(32), randomBytes(24)];
    const { wrapKey, macKey, commitment, keyId } = deriveFromKek(parseKek(new Uint8Array(kek)), vaultId);
    for (const [key, label] of [[wrapKey, "vault/1 kek wrap"], [macKey, "vault/1 kek file-mac"], [commitment, "vault/1 kek commitment"], [keyId, "vault/1 kek key-id"]] as const) {
      expect(encodeHex(key)).toBe(encodeHex(hkdfByHand(kek, vaultId, utf8(label), key.length)));
      expect(encodeHex(key)).toBe(hkdf(kek, vaultId, label, key.length).toString("hex"));
    }
    expect([wrapKey.length, macKey.length, commitment.length, keyId.length]).toEqual([32, 32, 32, 16]);

    const derived = deriveFromDek(asDek(new Uint8Array(dek)), nonce);
    expect(encodeHex(derived.sealKey)).toBe(encodeHex(hkdfByHand(dek, nonce, utf8("vault/1 dek seal"), 32)));
    expect(encodeHex(derived.commitment)).toBe(encodeHex(hkdfByHand(dek, nonce, utf8("vault/1 dek commitment"), 32)));
  });
});

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** RFC 5869, 2.2 and 2.3, from HMAC alone. */
function hkdfByHand(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const hmac = (by: Uint8Array, ...parts: Uint8Array[]): Uint8Array => createHmac("sha256", by).update(concatBytes(...parts)).digest();
  const pseudorandomKey = hmac(salt, key);
  let block = new Uint8Array();
  let output = new Uint8Array();
  for (let count = 1; output.length < length; count++) {
    block = new Uint8Array(hmac(pseudorandomKey, block, info, Uint8Array.of(count)));
    output = new Uint8Array(concatBytes(output, block));
  }
  return output.slice(0, length);
}
