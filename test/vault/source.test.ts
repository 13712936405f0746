// How long what a source makes may be good for, at the least and at the most. Forms as a whole: the vectors.
import { expect, it } from "vitest";
import { VaultError } from "../../src/errors.ts";
import { parseSource } from "../../src/vault/source.ts";

const jwt = (lifetime: number): unknown => ({ kind: "jwt-bearer", ttl: null, failureTtl: 30, provider: null, algorithm: "RS256", keyId: null, lifetime, claims: [], exchange: { kind: "none" } });

it("a signed assertion is good for a minute to 183 days", () => {
  for (const lifetime of [60, 61, 183 * 86_400]) expect(parseSource(jwt(lifetime), "A")).toMatchObject({ lifetime });
  for (const lifetime of [0, 59, 183 * 86_400 + 1]) expect(() => parseSource(jwt(lifetime), "A")).toThrow(VaultError);
});
