import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { GUESSABLE_BITS, guessBits } from "../../../src/app/secrets/guess-bits.ts";

test.each(["", "x", "1234", "123456789012", "hunter2", "Password123!", "admin2026", "correct", "aaaaaaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnopqrstuvwxyz", "qwerty-secret", "20261128", "tr0ub4d0"])("%j can be guessed", (text) => {
  expect(guessBits(text)).toBeLessThan(GUESSABLE_BITS);
});

test.each(["ghp_16C7e42F292c6912E7710c838347Ae178B4a", "sk-live-Zx81~qT/7+hN3vWc0pLr", "d1a0f3e19b7c4428", "kZ8!vR2#pQ9x"])("%j cannot", (text) => {
  expect(guessBits(text)).toBeGreaterThanOrEqual(GUESSABLE_BITS);
});

test("no random value of 80 bits and more is taken for a weak one", () => {
  for (let round = 0; round < 2_000; round += 1) {
    for (const text of [randomBytes(10).toString("hex"), randomBytes(12).toString("base64url")]) expect(guessBits(text)).toBeGreaterThanOrEqual(GUESSABLE_BITS);
  }
});
