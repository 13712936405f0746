import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { narrow } from "../../src/project/narrowing.ts";
import { VaultError } from "../../src/errors.ts";
import type { HostBinding } from "../../src/vault/host.ts";
import { bindingAllows, findCanonicalBinding, formatHostBinding, parseHostBinding } from "../../src/vault/host.ts";
import { PLACES } from "../../src/vault/place.ts";

const allowed = { service: undefined, hosts: ["*.example.com:443", "api.github.com:443"], places: ["basic", "header"] } as const;
const need = { variable: "KEY", secret: "KEY", hosts: undefined, places: undefined };

describe("what a project wants of a secret", () => {
  it("is all of it where nothing is said", () => {
    expect(narrow(need, allowed)).toEqual({ hosts: allowed.hosts, places: allowed.places });
  });

  it("is the part that it names, a name below a wildcard too", () => {
    expect(narrow({ ...need, hosts: [parseHostBinding("a.example.com")], places: ["header"] }, allowed)).toEqual({ hosts: ["a.example.com:443"], places: ["header"] });
    expect(narrow({ ...need, hosts: [parseHostBinding("*.example.com")] }, allowed).hosts).toEqual(["*.example.com:443"]);
  });

  it.each(["evil.example", "example.com", "a.b.example.com", "a.example.com:8443", "*.github.com", "*.a.example.com"])("is refused at %s, with a warning before what to type", (host) => {
    expect(() => narrow({ ...need, hosts: [parseHostBinding(host)] }, allowed)).toThrow(expect.objectContaining({ code: "usage", hint: expect.stringMatching(/^a project's file cannot allow that; .*only if you yourself trust .*: vault secrets update KEY --host '/) as unknown }));
  });

  it("is refused in a place that it may not stand in, and at a host beyond its pin", () => {
    expect(() => narrow({ ...need, places: ["body"] }, allowed)).toThrow(expect.objectContaining({ hint: expect.stringContaining("--inject basic,body,header") as unknown }));
    // A header or a parameter that is named is one of the vault's, word for word.
    const named = { ...allowed, places: ["header", "header:x-vendor", "query:sig"] } as const;
    expect(narrow({ ...need, places: ["header:x-vendor", "query:sig"] }, named).places).toEqual(["header:x-vendor", "query:sig"]);
    for (const place of ["header:x-other", "query:SIG", "query", "header:authorization"] as const) expect(() => narrow({ ...need, places: [place] }, named)).toThrow(expect.objectContaining({ message: expect.stringContaining(`in the ${place} of a request`) as unknown }));
    expect(() => narrow({ ...need, hosts: [parseHostBinding("evil.example")] }, { ...allowed, service: "github" })).toThrow(expect.objectContaining({ hint: expect.stringContaining("--widen") as unknown }));
  });
});

const label = fc.constantFrom("a", "b", "api", "example");
const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join("."));
const binding = fc.record({ host, port: fc.constantFrom(443, 8443), wildcard: fc.boolean() });
const authority = fc.record({ host, port: fc.constantFrom(443, 8443) });
const places = fc.subarray([...PLACES], { minLength: 1 });
const isAllowed = (hosts: readonly string[], at: Pick<HostBinding, "host" | "port">): boolean => hosts.map(findCanonicalBinding).some((bound) => bound !== undefined && bindingAllows(bound, at));

it("whatever a file says, no authority and no place is allowed that the vault does not allow", () => {
  let narrowed = 0;
  fc.assert(
    fc.property(fc.array(binding, { minLength: 1, maxLength: 6 }), places, fc.option(fc.array(binding, { minLength: 1, maxLength: 2 }), { nil: undefined }), fc.option(places, { nil: undefined }), fc.array(authority, { minLength: 20, maxLength: 20 }), (bound, has, wanted, wantedPlaces, tried) => {
      const record = { service: undefined, hosts: bound.map(formatHostBinding), places: has };
      try {
        const reach = narrow({ ...need, hosts: wanted, places: wantedPlaces }, record);
        narrowed += 1;
        // Those that the file names, too, and names below its wildcards.
        const named = (wanted ?? []).flatMap((one) => [one, { ...one, host: `a.${one.host}` }, { ...one, host: `a.b.${one.host}` }]);
        for (const at of [...tried, ...named]) expect(isAllowed(reach.hosts, at) && !isAllowed(record.hosts, at)).toBe(false);
        for (const place of reach.places) expect(record.places).toContain(place);
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
      }
    }),
    { numRuns: 5000 },
  );
  expect(narrowed).toBeGreaterThan(200);
});
