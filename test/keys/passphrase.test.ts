import { expect, test } from "vitest";
import { stagePassphrase } from "../../src/keys/passphrase.ts";
import { Secret } from "../../src/secret.ts";
import { deriveKek } from "../../src/vault/kdf.ts";
import { refusalOf } from "../support/refusal.ts";

/** The least that the format allows. */
const cost = { memoryKib: 19 * 1024, passes: 2 };

test("the key of a passphrase comes again from what its locator says", async () => {
  const staged = await stagePassphrase(Secret.fromText("correct horse"), cost);
  await staged.settle();
  await staged.discard();
  const { kek, locator } = staged;
  expect(locator).toMatchObject({ provider: "passphrase", kdf: cost });
  if (locator.provider !== "passphrase") return;
  expect(locator.kdf.salt).toHaveLength(16);
  expect(await deriveKek(Secret.fromText("correct horse"), locator.kdf)).toEqual(kek);
  expect(await deriveKek(Secret.fromText("correct horse "), locator.kdf)).not.toEqual(kek);
});

test("the same passphrase twice has two salts and two keys", async () => {
  const [first, second] = await Promise.all([1, 2].map(() => stagePassphrase(Secret.fromText("correct horse"), cost)));
  expect(first!.kek).not.toEqual(second!.kek);
  expect(first!.locator).not.toEqual(second!.locator);
});

test("nothing, bytes that are no text, and a cost outside the bounds are refused", async () => {
  expect(await refusalOf(() => stagePassphrase(Secret.fromText(""), cost))).toBe("usage");
  expect(await refusalOf(() => stagePassphrase(new Secret(new Uint8Array([0xff, 0xfe])), cost))).toBe("usage");
  expect(await refusalOf(() => stagePassphrase(Secret.fromText("x"), { memoryKib: 1024, passes: 1 }))).toBe("out-of-bounds");
});
