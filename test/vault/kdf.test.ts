import { describe, expect, test } from "vitest";
import { encodeHex, utf8 } from "../../src/bytes.ts";
import { Secret } from "../../src/secret.ts";
import type { KdfCost } from "../../src/vault/kdf.ts";
import { deriveKek, drawSalt, isAllowedCost, KDF_COSTS } from "../../src/vault/kdf.ts";
import { passphraseKek } from "../second-opinion/crypto.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { refusalOf } from "../support/refusal.ts";

const LEAST = { memoryKib: 19_456, passes: 2 };
const salt = new Uint8Array(16).fill(1);

describe("costs", () => {
  test.each<[memoryKib: number, passes: number, allowed: boolean]>([
    [19_456, 2, true], [19_455, 2, false], [19_456, 1, false], [19_456, 10, true], [19_456, 11, false],
    [1_048_576, 4, true], [1_048_576, 5, false], [1_048_577, 2, false], [838_860, 5, true], [838_861, 5, false], [419_430, 10, true], [419_431, 10, false],
    [0, 0, false], [-65_536, 3, false], [65_536, -3, false], [65_536.5, 3, false], [65_536, 2.5, false],
    [Number.NaN, 3, false], [Number.POSITIVE_INFINITY, 3, false], [65_536, Number.NaN, false], [Number.MAX_SAFE_INTEGER, 2, false],
  ])("%d KiB, %d passes: %s", (memoryKib, passes, allowed) => {
    expect(isAllowedCost({ memoryKib, passes })).toBe(allowed);
  });

  test("the words of --kdf are within the bounds", () => {
    expect(Object.values<KdfCost>(KDF_COSTS).every(isAllowedCost)).toBe(true);
  });

  test("hostile costs are refused at once, before anything is allocated", async () => {
    // The least that is allowed, on this machine as busy as it is: one derivation of a hostile cost takes some hundred of these.
    const oneMs = await cpuMs(() => deriveKek(Secret.fromText("passphrase"), { ...LEAST, salt }));
    const before = process.memoryUsage().rss;
    const refusedMs = await cpuMs(async () => {
      for (const cost of [{ memoryKib: 1_048_576, passes: 10 }, { memoryKib: 2 ** 31, passes: 2 }, { memoryKib: 19_456, passes: 2 ** 31 }]) {
        expect(await refusalOf(() => deriveKek(Secret.fromText("passphrase"), { ...cost, salt }))).toBe("out-of-bounds");
      }
    });
    expect(refusedMs / oneMs).toBeLessThan(10);
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 ** 20);
  });
});

describe("the KEK of a passphrase", () => {
  test("is that of the second implementation, in every normalisation form of the same words", async () => {
    const words = "\u00c5ngstr\u00f6m \ufb01n \u1e69 \ud55c\uae00";
    const expected = passphraseKek(words, { algorithm: "argon2id", version: 19, ...LEAST, lanes: 1, salt: Buffer.from(salt).toString("base64") }).toString("hex");
    for (const form of ["NFC", "NFD"] as const) {
      expect(encodeHex(await deriveKek(Secret.fromText(words.normalize(form)), { ...LEAST, salt }))).toBe(expected);
    }
    // Compatibility forms are other words: the ligature fi is not the letters f and i.
    expect(encodeHex(await deriveKek(Secret.fromText(words.normalize("NFKC")), { ...LEAST, salt }))).not.toBe(expected);
  });

  test("keeps what could be taken for decoration: white space, case, a byte order mark", async () => {
    const keys = await Promise.all(["word", " word", "word ", "word\n", "Word", "\ufeffword"].map(async (text) => encodeHex(await deriveKek(Secret.fromText(text), { ...LEAST, salt }))));
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("depends on the salt and on each cost", async () => {
    const derive = async (memoryKib: number, passes: number, by: Uint8Array): Promise<string> => encodeHex(await deriveKek(Secret.fromText("word"), { memoryKib, passes, salt: by }));
    const keys = [await derive(19_456, 2, salt), await derive(19_456, 3, salt), await derive(19_457, 2, salt), await derive(19_456, 2, new Uint8Array(16).fill(2))];
    expect(new Set(keys).size).toBe(4);
  });

  test("is not to be had from an empty passphrase, or from bytes that are no UTF-8", async () => {
    expect(await refusalOf(() => deriveKek(Secret.fromText(""), { ...LEAST, salt }))).toBe("usage");
    expect(await refusalOf(() => deriveKek(new Secret(Uint8Array.of(0xff, 0xfe)), { ...LEAST, salt }))).toBe("usage");
  });

  test("leaves the passphrase as it was", async () => {
    const passphrase = Secret.fromText("still here");
    await deriveKek(passphrase, { ...LEAST, salt });
    expect(passphrase.reveal()).toEqual(utf8("still here"));
  });
});

test("salts are 16 bytes and never the same", () => {
  const salts = Array.from({ length: 100 }, () => encodeHex(drawSalt()));
  expect(new Set(salts).size).toBe(100);
  expect(salts.every((text) => text.length === 32)).toBe(true);
});
