import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCredentialHeader, whyNoKeyIn } from "../../../src/proxy/grants/credential-header.ts";
import { makeRecogniser } from "../../../src/proxy/places/placeholder.ts";
import { decide } from "../../../src/proxy/judge/policy.ts";
import { substitute, substituteTarget } from "../../../src/proxy/places/substitute.ts";
import { PLACES } from "../../../src/vault/place.ts";
import { makeGrant, VALUE } from "../../support/proxy-run.ts";

const HOST = "api.example.test";
const AUTHORITY = { host: HOST, port: 443 };

describe("a placeholder", () => {
  it("is found wherever it stands, the longer first", () => {
    const grants = [makeGrant("A", [], { placeholder: "ph.A" }), makeGrant("B", [], { placeholder: "ph.A.longer" })];
    const found = makeRecogniser(grants)("x ph.A ph.A.longer phxA");
    expect(found.map(({ grant, start, end }) => [grant.name, start, end])).toEqual([
      ["A", 2, 6],
      ["B", 7, 18],
    ]);
    expect(makeRecogniser([])("ph.A")).toEqual([]);
  });
});

describe("credential headers", () => {
  it.each(["Authorization", "Cookie", "X-Api-Key", "x-goog-api-key", "api_key", "apikey", "Ocp-Apim-Subscription-Key", "X-Honeycomb-Team", "X-Auth-Token", "PRIVATE-TOKEN", "xi-api-key", "X-Shopify-Access-Token", "DD-APPLICATION-KEY", "X-Client-Secret", "X-Vault-Token", "X-Parse-REST-API-Key", "X-Parse-Master-Key"])("include %s", (name) => {
    expect(isCredentialHeader(name)).toBe(true);
  });
  it.each(["Accept", "Content-Type", "Sec-WebSocket-Key", "Idempotency-Key", "X-CSRF-Token", "Proxy-Authorization", "User-Agent", "X-Monkey", "Referer", "X-Amz-Meta-Api-Key", "X-Goog-Meta-Token", "X-Share-Key", "Link", "X-Forwarded-Access-Token"])("do not include %s", (name) => {
    expect(isCredentialHeader(name)).toBe(false);
  });
  it.each(["x-amz-meta-api-key", "X_Amz_Meta_Key", "x-goog-meta-a", "x-ms-meta-a", "x-object-meta-a", "x-container-meta-a", "x-bz-info-a", "x-amz-tagging", "x-ms-tags", "content-disposition", "cache-control", "link", "location", "refresh", "x-amz-website-redirect-location", "forwarded", "x-forwarded-for", "via", "sec-fetch-site", "sec-websocket-protocol", "proxy-authorization", "host", "te", "trailer", "user-agent", "access-control-request-headers"])("never take in %s, whoever names it", (name) => {
    expect(whyNoKeyIn(name)).toMatch(/./);
    expect(isCredentialHeader(name)).toBe(false);
  });
  it.each(["authorization", "cookie", "x-api-key", "api_key", "x-vendor-key", "x-metadata2-key"])("may be named as %s", (name) => {
    expect(whyNoKeyIn(name)).toBeUndefined();
  });
});

describe("substitution", () => {
  it("changes nothing but the placeholder", () => {
    const grant = makeGrant("KEY", ["api.example.test"], { places: ["header:x-api-key"] });
    const recognise = makeRecogniser([grant]);
    const text = fc.string({ unit: fc.constantFrom("a", "$", "&", "`", "'", " ", "=", "_", "v"), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("X-A", "Accept", "X-B"), text), { maxLength: 5 }), text, text, (others, before, after) => {
        const headers = [...others.flat(), "X-Api-Key", `${before}${grant.placeholder}${after}`];
        const decision = decide({ method: "GET", target: "/", headers, host: "api.example.test", bodyBytes: undefined, upgrade: undefined }, { scheme: "https", authority: { host: "api.example.test", port: 443 }, recognise, strict: false });
        expect(decision.kind).toBe("forward");
        if (decision.kind === "forward") expect(substitute({ host: "api.example.com", headers }, decision.edits)).toEqual(["host", "api.example.com", ...others.flat(), "X-Api-Key", `${before}${VALUE}${after}`]);
      }),
    );
  });
});

describe("a target", () => {
  it("changes in nothing but the placeholder", () => {
    const grant = makeGrant("KEY", [HOST], { value: "a/b?c&d e", places: PLACES });
    const recognise = makeRecogniser([grant]);
    const part = fc.string({ unit: fc.constantFrom("/", "a", "&", "=", "%20", "+", ";", "$", "~"), maxLength: 10 });
    fc.assert(
      fc.property(part, part, part, fc.boolean(), (before, after, other, isQuery) => {
        const [left, right] = isQuery ? [`/${other}?${before}&key=`, after === "" ? "" : `&${after}`] : [`/${before}/`, `/${after}?${other}`];
        const target = `${left}${grant.placeholder}${right}`;
        const decision = decide({ method: "GET", target, headers: [], host: HOST, bodyBytes: undefined, upgrade: undefined }, { scheme: "https", authority: AUTHORITY, recognise, strict: true });
        expect(decision.kind).toBe("forward");
        if (decision.kind === "forward") {
          expect(substituteTarget(target, decision.target)).toBe(`${left}a%2Fb%3Fc%26d%20e${right}`);
          expect(substitute({ host: "api.example.com", headers: [] }, decision.edits)).toEqual(["host", "api.example.com"]);
        }
      }),
    );
  });

  it("is the last of the path, right before the query", () => {
    const grant = makeGrant("KEY", [HOST], { places: PLACES });
    const target = `/v1/${grant.placeholder}?x=1`;
    const decision = decide({ method: "GET", target, headers: [], host: HOST, bodyBytes: undefined, upgrade: undefined }, { scheme: "https", authority: AUTHORITY, recognise: makeRecogniser([grant]), strict: true });
    expect(decision.kind === "forward" ? substituteTarget(target, decision.target) : decision).toBe(`/v1/${encodeURIComponent(VALUE)}?x=1`);
  });

  it("over plain HTTP takes no secret, whatever its places", () => {
    const grant = makeGrant("KEY", ["api.example.test:80"], { places: PLACES });
    const decision = decide({ method: "GET", target: `/?k=${grant.placeholder}`, headers: [], host: HOST, bodyBytes: undefined, upgrade: undefined }, { scheme: "http", authority: { host: HOST, port: 80 }, recognise: makeRecogniser([grant]), strict: false });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "plain-http" } });
  });
});
