import { generateKeyPairSync, randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { formatDidKey, parseDidKey } from "../../src/identity/did-key.ts";

test("the key of a seed of zeros, as the method's own test vectors have it", () => {
  const publicKey = Buffer.from("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", "hex");
  expect(formatDidKey(publicKey)).toBe("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp");
});

test("a name is read back as the key that it is", () => {
  for (let round = 0; round < 200; round += 1) {
    const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    const key = new Uint8Array(Buffer.from(x, "base64url"));
    expect(parseDidKey(formatDidKey(key))?.publicKey).toEqual(key);
  }
});

test.each([
  ...["01", "00", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"],
  ...["c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"],
  ...["ec", "ed", "ee", "f6", "ff"].flatMap((first) => [`${first}${"ff".repeat(30)}7f`, `${first}${"ff".repeat(31)}`]),
])("a point of small order, or one that is written in a second way, is nobody's name: %s", (hex) => {
  expect(parseDidKey(formatDidKey(Buffer.from(hex.padEnd(64, "0"), "hex")))).toBeUndefined();
});

test("a name that is read is the one that is written of its key: random texts of its shape", () => {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let read = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const text = `did:key:z6Mk${Array.from({ length: 44 }, () => alphabet[randomInt(58)] ?? "").join("")}`;
    const found = parseDidKey(text);
    if (found === undefined) continue;
    read += 1;
    expect(formatDidKey(found.publicKey)).toBe(text);
  }
  expect(read).toBeGreaterThan(1000);
});

test("its neighbours are names", () => {
  for (const hex of ["02", `eb${"ff".repeat(30)}7f`, `ed${"ff".repeat(29)}fe7f`]) expect(parseDidKey(formatDidKey(Buffer.from(hex.padEnd(64, "0"), "hex")))).toBeDefined();
});

test.each([
  ["nothing", ""],
  ["another method", "did:web:example.com"],
  ["another multibase", "did:key:f6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"],
  ["a digit that base58 has not", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDoo0p"],
  ["a P-256 key", "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"],
  ["an X25519 key", "did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F"],
  ["a fragment behind it", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6Mk"],
  ["a space behind it", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp "],
  ["a number that is one digit too long", "did:key:z16MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"],
  ["another number of as many digits", `did:key:z${"z".repeat(47)}`],
])("%s is no name", (_what, text) => {
  expect(parseDidKey(text)).toBeUndefined();
});
