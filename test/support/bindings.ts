// Random secrets for property tests, in the canonical form that the format asks for.
import fc from "fast-check";
import type { Place } from "../../src/vault/place.ts";
import { PLACES } from "../../src/vault/place.ts";
import type { SecretBinding } from "../../src/vault/record.ts";
import { canonicaliseBinding } from "../../src/vault/record.ts";
import type { Rules } from "../../src/vault/rules.ts";
import { isScopeId } from "../../src/vault/scope.ts";
import { STORED } from "../../src/vault/source.ts";

const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9_-]{0,8}[a-z0-9_])?$/);
const port = fc.integer({ min: 1, max: 65_535 });
const scopeId = fc.oneof(fc.constantFrom("a", "a:b", "b:c", "acme", "B\u00fccher", "\u{1f680} team"), fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 })).filter(isScopeId);
const membership = fc.record({ workspace: scopeId, group: scopeId });

export const arbitraryId: fc.Arbitrary<string> = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("base64"));

/** Canonical bindings of every kind of host. */
export const arbitraryHost: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(fc.boolean(), label, label, fc.constantFrom("com", "example", "co-op"), port).map(([wildcard, a, b, top, at]) => `${wildcard ? "*." : ""}${a}.${b}.${top}:${at}`),
  fc.tuple(fc.ipV4(), port).map(([address, at]) => `${address}:${at}`),
  fc.tuple(fc.ipV6(), port).map(([address, at]) => `${new URL(`http://[${address}]/`).hostname}:${at}`),
);

const pattern = fc.tuple(fc.constantFrom("*", "GET", "GET,HEAD", "DELETE"), fc.array(fc.constantFrom("**", "*", "a", "b*", "\u00fc"), { maxLength: 3 }), fc.boolean()).map(([methods, segments, slash]) => `${methods} /${[...segments, ...(slash && segments.length > 0 ? [""] : [])].join("/")}`);
const patterns = (least: number): fc.Arbitrary<string[]> => fc.uniqueArray(pattern, { minLength: least, maxLength: 3 }).map((list) => list.sort());

const arbitraryRules: fc.Arbitrary<Rules> = fc.record({
  allow: fc.option(patterns(1)),
  deny: patterns(1),
  ask: patterns(0),
  rate: fc.option(fc.record({ perMinute: fc.integer({ min: 1, max: 1_000_000 }), burst: fc.integer({ min: 1, max: 1_000_000 }) })),
  uses: fc.option(fc.integer({ min: 1, max: 2 ** 31 - 1 })),
  until: fc.option(fc.constantFrom("2027-01-01T00:00:00.000Z", "0000-01-01T00:00:00.000Z")),
  maxBodyBytes: fc.option(fc.nat()),
  graphql: fc.option(fc.record({ operations: fc.subarray(["mutation", "query", "subscription"] as const, { minLength: 1 }), fields: fc.option(fc.constant(["a", "b"])) })),
});

export const arbitraryBinding: fc.Arbitrary<SecretBinding> = fc
  .record({
    id: arbitraryId,
    name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,12}$/),
    scope: fc.oneof(
      fc.constant({ kind: "global" as const }),
      scopeId.map((workspace) => ({ kind: "workspace" as const, workspace })),
      membership.map((group) => ({ kind: "group" as const, ...group })),
    ),
    groups: fc.array(membership, { maxLength: 3 }),
    service: fc.option(fc.constantFrom("github", "openai", "a"), { nil: undefined }),
    hosts: fc.array(arbitraryHost, { maxLength: 3 }),
    places: fc.subarray<Place>([...PLACES, "header:x-api-key", "query:Key[0]"], { minLength: 1 }),
    allowPrivate: fc.boolean(),
    scrub: fc.boolean(),
    placeholder: fc.option(fc.constantFrom("xyz_[A-Za-z0-9]{32}", "[0-9]{40}"), { nil: undefined }),
    source: fc.constant(STORED),
    rules: fc.option(arbitraryRules, { nil: undefined }),
    version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  })
  .map(canonicaliseBinding);
