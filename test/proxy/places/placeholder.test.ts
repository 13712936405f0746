import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeStrayTest } from "../../../src/proxy/places/placeholder-check.ts";
import { mintForTrial, mintPlaceholder } from "../../../src/proxy/places/placeholder.ts";
import { ALPHABETS, findPlaceholderTemplate, getPlaceholderTemplate, literalEnd } from "../../../src/vault/placeholder-template.ts";

const [SEED, CHECK] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const FORMS = ["ghp_[A-Za-z0-9]{36}", "[0-9]{39}", "[0-9a-f]{32}", "x[0-9A-F]{64}", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "xoxb-[0-9]{12}-[0-9]{13}-[A-Za-z0-9]{24}", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.[A-Za-z0-9]{43}", "AKIA[A-Z0-9]{25}", "vaultph[a-z0-9]{25}", "a.[a-z]{28}", "[A-Z]{40}", "[A-Za-z]{23}", "sk-[A-Za-z0-9_-]{22}", "[0-9a-f]{8}-[0-9a-f]{24}:fx"].map(getPlaceholderTemplate);
const template = fc.array(fc.oneof(fc.constantFrom("ghp_", "-", ".", "x1:"), fc.tuple(fc.constantFrom(...Object.values(ALPHABETS)), fc.integer({ min: 1, max: 60 })).map(([{ name }, count]) => `[${name}]{${count}}`)), { maxLength: 6 }).map((pieces) => findPlaceholderTemplate(pieces.join(""))).filter((found) => found !== undefined);
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe("a placeholder", () => {
  it("has the form of its template", () => {
    fc.assert(fc.property(template, key, key, (form, seed, check) => {
      const pattern = form.pieces.map((piece) => (piece.kind === "literal" ? piece.text.replaceAll(".", "\\.") : `[${piece.alphabet.name}]{${piece.count}}`)).join("");
      expect(mintPlaceholder(form, seed, check)).toMatch(new RegExp(`^${pattern}$`));
    }));
  });

  it("is the same for the same secret, and unlike that of another secret, form or vault", () => {
    const form = getPlaceholderTemplate("ghp_[A-Za-z0-9]{36}");
    const minted = mintPlaceholder(form, SEED, CHECK);
    expect(mintPlaceholder(form, SEED, CHECK)).toBe(minted);
    const others = [mintPlaceholder(form, CHECK, CHECK), mintPlaceholder(getPlaceholderTemplate("ghp_[A-Za-z0-9]{37}"), SEED, CHECK), mintPlaceholder(getPlaceholderTemplate("gho_[A-Za-z0-9]{36}"), SEED, CHECK)];
    for (const other of others) expect(other.slice(4, 12)).not.toBe(minted.slice(4, 12));
    expect(mintPlaceholder(form, SEED, SEED)).not.toBe(minted);
  });

  it("is what FORMAT.md says, made from that alone", () => {
    const hmac = (by: Uint8Array, text: string) => createHmac("sha256", by).update(text).digest();
    const draw = (by: Uint8Array, message: string, characters: string, count: number): string => {
      let drawn = "";
      for (let block = 0; drawn.length < count; block += 1) for (const byte of hmac(by, `${message} ${block}`)) if (byte < 256 - (256 % characters.length)) drawn += characters.charAt(byte % characters.length);
      return drawn.slice(0, count);
    };
    const all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const text = "xyz_[0-9a-f]{8}-[A-Za-z0-9_-]{24}";
    const [first, second] = [draw(SEED, `1 ${text}`, "0123456789abcdef", 8), draw(SEED, `3 ${text}`, all, 24)];
    const check = draw(hmac(CHECK, "vault/1 placeholder check"), `check A-Za-z0-9 ${second.slice(2, 16)}`, all, 8);
    expect(mintPlaceholder(getPlaceholderTemplate(text), SEED, new Uint8Array(hmac(CHECK, "vault/1 placeholder check")))).toBe(`xyz_${first}-${second.slice(0, 16)}${check}`);
  });

  it("for a trial is new each time", () => {
    expect(new Set(Array.from({ length: 500 }, () => mintForTrial())).size).toBe(500);
    expect(mintForTrial()).toMatch(/^vault_ph_[A-Za-z0-9]{26}$/);
  });

  // Among 100,000 secrets of one form, the alphabet that tells them apart the least is the one with the fewest bits before its check.
  it.each(FORMS.map((form) => [form.text, form] as const))("%s has every character of its alphabet at every place, its check included", (_, form) => {
    const minted = Array.from({ length: 400 }, () => mintForTrial(form));
    const drawn = form.lastAlphabet;
    const end = literalEnd(form).length;
    for (let back = end + 1; back <= end + 12; back += 1) expect(new Set(minted.map((text) => text.at(-back))).size).toBeGreaterThan(drawn.characters.length * 0.8);
  });
});

describe("a stray placeholder", () => {
  const isStray = makeStrayTest(CHECK);

  it.each(FORMS.map((form) => [form.text, form] as const))("%s is known by the vault's key alone", (_, form) => {
    const minted = mintPlaceholder(form, new Uint8Array(randomBytes(32)), CHECK);
    for (const text of [minted, `Bearer ${minted}`, `token ${minted}`, `x-access-token:${minted}`, `${minted}:`, `${minted}:x-oauth-basic`, `a=1; session=${minted}; b=2`, `"${minted}"`, `token=${minted}, other`]) expect([text, isStray(text)]).toEqual([text, true]);
  });

  it("is none with a character changed, in another's place, or of another vault", () => {
    for (const form of FORMS) {
      const minted = mintPlaceholder(form, new Uint8Array(randomBytes(32)), CHECK);
      const end = literalEnd(form).length;
      for (const back of [end + 1, end + 2, end + 9, end + 21]) {
        const at = minted.length - back;
        if (/[_.:-]/.test(minted.charAt(at))) continue;
        const other = Array.from(form.lastAlphabet.characters).find((character) => character !== minted.charAt(at));
        expect(isStray(minted.slice(0, at) + (other ?? "") + minted.slice(at + 1))).toBe(false);
      }
      expect(isStray(minted.slice(0, -1 - end))).toBe(false);
      expect(isStray(mintPlaceholder(form, SEED, SEED))).toBe(form.text.startsWith("vault_ph_"));
    }
  });

  it("of an unregistered secret says what it is, in whatever vault", () => {
    expect(isStray(`Bearer ${mintForTrial()}`)).toBe(true);
    expect(isStray("Bearer vault_ph_")).toBe(false);
  });

  it("is not what other credentials look like, whatever they are made of", () => {
    const credential = fc.oneof(fc.string({ maxLength: 200 }), fc.base64String({ minLength: 30, maxLength: 200 }), fc.uuid(), fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 30, maxLength: 90 }).map((digits) => digits.map((digit) => digit.toString(16)).join("")));
    fc.assert(fc.property(credential, (text) => !isStray(text)), { numRuns: 3000 });
    for (const text of ["", "Bearer", "x".repeat(60_000), "a.".repeat(30_000), "-".repeat(60_000)]) expect(isStray(text)).toBe(false);
  });
});
