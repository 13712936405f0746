import { inspect } from "node:util";
import { expect, test } from "vitest";
import { drawIdentityKey, parseIdentityKey } from "../../src/identity/identity-key.ts";
import { Secret } from "../../src/secret.ts";

test("a key's one line gives its name back, with a line end or without", () => {
  const text = Buffer.from(drawIdentityKey().reveal()).toString();
  const names = [text, `${text}\n`, `${text}\r\n`].map((line) => parseIdentityKey(Secret.fromText(line), "a test").did);
  expect(new Set(names).size).toBe(1);
  expect(names[0]).toMatch(/^did:key:z6Mk/);
});

test("a seed of zeros has the name that the method's test vectors have", () => {
  expect(parseIdentityKey(Secret.fromText(`vault-identity-1:${"A".repeat(43)}`), "a test").did).toBe("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp");
});

test.each(["", "vault-identity-1:", `vault-identity-1:${"A".repeat(42)}`, `vault-identity-1:${"A".repeat(44)}`, `vault-identity-1:${"A".repeat(42)}B`, `vault-identity-2:${"A".repeat(43)}`, ` vault-identity-1:${"A".repeat(43)}`, `vault-identity-1:${"A".repeat(43)}\n\n`])("%j is no key, and the error does not repeat it", (text) => {
  expect(() => parseIdentityKey(Secret.fromText(text), 'the file "x"')).toThrow(expect.objectContaining({ code: "wrong-key", message: 'the file "x" holds no identity\'s key' }));
});

test("it does not print", () => {
  const line = drawIdentityKey();
  const seed = Buffer.from(line.reveal()).toString().slice("vault-identity-1:".length);
  expect(inspect(parseIdentityKey(line, "a test"), { depth: 9, showHidden: true })).not.toContain(seed);
});
