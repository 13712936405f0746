import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseForm } from "../../../src/app/runs/placeholder-form.ts";
import { makePlaceholders } from "../../../src/app/runs/run-placeholders.ts";
import { Secret } from "../../../src/secret.ts";
import { getPlaceholderTemplate, lengthOf, literalStart } from "../../../src/vault/placeholder-template.ts";

const GITHUB = ["ghp_[A-Za-z0-9]{36}", "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", "gho_[A-Za-z0-9]{36}"].map(getPlaceholderTemplate);
const formOf = (text: string, forms = [] as typeof GITHUB): string => chooseForm(Secret.fromText(text), forms).text;

describe("the form of a service's secret", () => {
  it.each([["github_pat_11ABCDEFG0abcdefghijkl_x", "github_pat_"], ["gho_abc", "gho_"], ["ghp_abc", "ghp_"], ["something-else", "ghp_"], ["", "ghp_"]])("%j begins with %s", (value, start) => {
    expect(formOf(value, GITHUB)).toMatch(new RegExp(`^${start}`));
  });

  it("ends as the value does, where that means something to clients", () => {
    const forms = ["[0-9a-f]{32}", "[0-9a-f]{32}:fx"].map(getPlaceholderTemplate);
    expect([formOf("0123:fx", forms), formOf("0123", forms)]).toEqual(["[0-9a-f]{32}:fx", "[0-9a-f]{32}"]);
  });

  it("has the longest beginning that fits, and one without a beginning before the first", () => {
    expect(formOf("sk-proj-x", ["sk-[A-Za-z0-9]{48}", "sk-proj-[A-Za-z0-9]{156}"].map(getPlaceholderTemplate))).toMatch(/^sk-proj-/);
    expect(formOf("abc", ["cfut_[A-Za-z0-9]{48}", "[A-Za-z0-9]{40}"].map(getPlaceholderTemplate))).toBe("[A-Za-z0-9]{40}");
  });
});

describe("the form of another secret", () => {
  it.each([
    ["short", "hunter2", "vault_ph_[A-Za-z0-9]{26}"],
    ["a PIN", "1234", "vault_ph_[A-Za-z0-9]{26}"],
    ["a word of hex", "deadbeef", "vault_ph_[A-Za-z0-9]{26}"],
    ["with signs", "sk-live-Zx81~qT/7+hN3vWc0pLr", "vault_ph_[A-Za-z0-9]{26}"],
    ["longer, with signs", `xyz_${"a1B~".repeat(15)}`, "vault_ph_[A-Za-z0-9]{55}"],
    ["hex of 32", "9f86d081884c7d659a2feaa0c55ad015", "[0-9a-f]{32}"],
    ["hex of 40", "9fceb02d0ae598e95dc970b74767f19372d61af8", "[0-9a-f]{40}"],
    ["hex of 41", "9fceb02d0ae598e95dc970b74767f19372d61af81", "[0-9a-f]{48}"],
    ["capital hex", "9FCEB02D0AE598E95DC970B74767F19372D61AF8", "[0-9A-F]{40}"],
    ["digits", "1".repeat(40), "[0-9]{40}"],
    ["small letters and digits", "z9fceb02d0ae598e95dc970b74767f193", "vaultph[a-z0-9]{28}"],
    ["capitals and digits", "Z9FCEB02D0AE598E95DC970B74767F193", "VAULTPH[A-Z0-9]{28}"],
    ["letters and digits", "Z9fceb02d0ae598e95dc970b74767f193aBcDeFg", "vaultph[A-Za-z0-9]{33}"],
    ["a UUID", "7f9c24e8-3b12-4fef-91e0-56a2d5a0c1b1", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"],
    ["a JWT", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.[A-Za-z0-9]{43}"],
    ["a private key", `-----BEGIN PRIVATE KEY-----\n${"MIIEvQ/+".repeat(200)}\n-----END PRIVATE KEY-----\n`, "vault_ph_[A-Za-z0-9]{247}"],
  ])("%s", (_, value, expected) => {
    expect(formOf(value)).toBe(expected);
  });

  it("is decoded by clients that look into tokens as one that claims nothing", () => {
    const [head = "", claims = ""] = formOf("eyJhbGciOiJSUzI1NiJ9.e30.abc").split(".");
    expect([head, claims].map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as unknown)).toEqual([{ alg: "HS256", typ: "JWT" }, {}]);
  });

  it("of a value that could be guessed tells nothing at all but that it is short", () => {
    fc.assert(fc.property(fc.string({ maxLength: 21 }), (value) => formOf(value) === "vault_ph_[A-Za-z0-9]{26}"));
  });

  it("tells of any value one of a few lengths and alphabets, and no character of it", () => {
    const value = fc.oneof(fc.string({ maxLength: 400 }), fc.stringMatching(/^[a-z0-9]{0,300}$/), fc.stringMatching(/^xyz_live_[A-Za-z0-9]{20,60}$/));
    const forms = new Set<string>();
    fc.assert(fc.property(value, (text) => {
      const form = chooseForm(Secret.fromText(text), []);
      expect(["", "vaultph", "VAULTPH", "vault_ph_"].includes(literalStart(form)) || form.text.startsWith("eyJ")).toBe(true);
      expect(lengthOf(form)).toBeLessThanOrEqual(256);
      forms.add(form.text);
    }), { numRuns: 2000 });
    expect(forms.size).toBeLessThanOrEqual(60);
  });
});

describe("the placeholders of a run", () => {
  const key = (): Uint8Array => new Uint8Array(32).fill(7);
  const secret = { id: "AAAAAAAAAAAAAAAAAAAAAA==", variable: "TOKEN", value: Secret.fromText("ghp_abc"), forms: GITHUB };

  it("are the same in the next, by whatever name, and whatever the value is now", () => {
    const first = makePlaceholders(key(), false).placeholderOf(secret);
    expect(makePlaceholders(key(), false).placeholderOf({ ...secret, variable: "GH", value: Secret.fromText("ghp_new") })).toBe(first);
    expect(makePlaceholders(key(), false).placeholderOf({ ...secret, id: "AQAAAAAAAAAAAAAAAAAAAA==" })).not.toBe(first);
    expect(makePlaceholders(new Uint8Array(32), false).placeholderOf(secret)).not.toBe(first);
  });

  it("are others where fresh ones are wanted, and known for the vault's all the same", () => {
    const [first, second] = [makePlaceholders(key(), true), makePlaceholders(key(), true)];
    const placeholder = first.placeholderOf(secret);
    expect(second.placeholderOf(secret)).not.toBe(placeholder);
    expect(second.isStray(placeholder)).toBe(true);
  });

  it("are two for a secret that stands there twice, since each may have another reach", () => {
    const [one, other] = [makePlaceholders(key(), false), makePlaceholders(key(), false)];
    const both = [one.placeholderOf(secret), one.placeholderOf({ ...secret, variable: "SECOND" })];
    expect(new Set(both).size).toBe(2);
    expect([other.placeholderOf(secret), other.placeholderOf({ ...secret, variable: "SECOND" })]).toEqual(both);
  });

  it("have no part of a value but the beginning that its service's file tells", () => {
    for (let count = 0; count < 200; count += 1) {
      const value = `github_pat_${randomBytes(41).toString("hex")}`;
      const placeholder = makePlaceholders(new Uint8Array(randomBytes(32)), false).placeholderOf({ ...secret, value: Secret.fromText(value) });
      const parts = Array.from({ length: value.length - 16 }, (_, at) => value.slice(at + 11, at + 17));
      expect(parts.filter((part) => part.length === 6 && placeholder.includes(part))).toEqual([]);
    }
  });

  it("are none another's part", () => {
    const maker = makePlaceholders(key(), false);
    const values = ["hunter2", "9f86d081884c7d659a2feaa0c55ad015", "Z9fceb02d0ae598e95dc970b74767f193aBcDeFg", "ghp_x", "1".repeat(40)];
    const minted = Array.from({ length: 500 }, (_, index) => maker.placeholderOf({ ...secret, id: String(index), value: Secret.fromText(values[index % values.length] ?? ""), forms: index % 3 === 0 ? GITHUB : [] }));
    expect(minted.filter((one, index) => minted.some((other, at) => at !== index && other.includes(one)))).toEqual([]);
  });

  it("are known without a key that makes them", () => {
    const maker = makePlaceholders(key(), false);
    const placeholder = maker.placeholderOf(secret);
    maker.close();
    expect(maker.isStray(`Bearer ${placeholder}`)).toBe(true);
    expect(maker.placeholderOf(secret)).not.toBe(placeholder);
  });
});
